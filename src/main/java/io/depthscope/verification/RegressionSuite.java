package io.depthscope.verification;

import io.depthscope.backend.Backend;
import io.depthscope.plan.Recording;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongFunction;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/**
 * What a backend is held against on the machine it runs on: the golden files of an independent
 * implementation, layers of every kind and random ones against the plain loops of the reference
 * backend, and random networks against the backend's own tensors.
 */
public final class RegressionSuite {
  private static final List<Recording> RECORDINGS = List.of(Recording.values());

  /** Largest share of codes of golden networks that may differ: a tie's other side spreads. */
  private static final double GOLDEN_TIES = 0.05;

  private static final long FIRST_NETWORK = 10_000;
  private static final long FIRST_OF_SEVERAL_TILES = 20_000;
  private static final long FIRST_BRANCHED = 30_000;

  private final List<Backend> backends;
  private final LayerComparison comparison = new LayerComparison();

  /** Told of every check: what was checked, and what was found. */
  public interface Observer {
    void checked(String what, Findings findings);
  }

  /** The checks of one case, which is made and computed when they are run. */
  public interface Checks {
    void run(Observer observer);
  }

  /**
   * A part of the suite.
   *
   * @param name of the case
   */
  public record Part(String name, Checks checks) {}

  /**
   * How many random cases of each kind there are.
   *
   * @param layers single layers, fed with values
   * @param networks chains, fed with pixels
   * @param branched networks with branches
   * @param tiled separable networks on images of several tiles
   */
  public record Extent(int layers, int networks, int branched, int tiled) {

    /** A network for every ten layers, one with branches for every twenty, three of many tiles. */
    public static Extent ofLayers(int layers) {
      return new Extent(layers, layers / 10, layers / 20, layers > 0 ? 3 : 0);
    }
  }

  public RegressionSuite(Backend backend) {
    this(List.of(backend));
  }

  /**
   * @param backends equal in all they compute, as one with several numbers of threads; they take
   *     turns
   */
  public RegressionSuite(List<Backend> backends) {
    this.backends = List.copyOf(backends);
  }

  /** The codes of single layers that were compared so far. */
  public LayerComparison comparison() {
    return comparison;
  }

  /** All golden cases: every tensor of both streams, every figure, and that the two agree. */
  public Stream<Part> golden() throws IOException {
    return GoldenCase.namesFor(backend(0)).stream()
        .map(name -> new Part("golden " + name, observer -> golden(name, observer)));
  }

  private void golden(String name, Observer observer) {
    GoldenCase golden;
    try {
      golden = GoldenCase.read(name);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    GoldenCheck tensors = new GoldenCheck(golden);
    tensors.tensors(backend(0));
    if (!(tensors.codesDifferent() <= GOLDEN_TIES * tensors.codesCompared())) {
      tensors
          .findings()
          .add(tensors.codesDifferent() + " of " + tensors.codesCompared() + " codes differ");
    }
    observer.checked("golden " + name + ", tensors", tensors.findings());
    GoldenCheck figures = new GoldenCheck(golden);
    figures.figures(backend(0));
    observer.checked("golden " + name + ", figures", figures.findings());
    recorded("golden " + name, ProbedCase.of(backend(0), golden.planCase()), RECORDINGS, observer);
  }

  /** Golden cases and listed layers that the backend cannot run yet, and that are not checked. */
  public List<String> leftOut() throws IOException {
    List<String> golden = new ArrayList<>(GoldenCase.names());
    golden.removeAll(GoldenCase.namesFor(backend(0)));
    Stream<String> layers =
        LayerFile.everyKind().stream().filter(l -> !l.runsOn(backend(0))).map(LayerCase::name);
    return Stream.concat(golden.stream(), layers).toList();
  }

  /** The layers of every kind that the backend has, as they are listed. */
  public Stream<Part> layers() {
    List<LayerCase> all = LayerFile.everyKind();
    return Stream.concat(
        IntStream.range(0, all.size())
            .filter(i -> all.get(i).runsOn(backend(i)))
            .mapToObj(
                i ->
                    againstTheOracle(
                        "layer " + all.get(i).name(), i, all.get(i)::planCase, RECORDINGS)),
        Stream.of(ties("layers of every kind")));
  }

  /** Random layers against the oracle, and random networks against the backend's own tensors. */
  public Stream<Part> random(Extent extent) {
    return Stream.of(
            LongStream.range(0, extent.layers)
                .mapToObj(
                    seed ->
                        againstTheOracle(
                            "random layer " + seed,
                            seed,
                            RandomCases::layer,
                            List.of(RECORDINGS.get((int) (seed % RECORDINGS.size()))))),
            Stream.of(ties("random layers")).limit(extent.layers),
            networks("random network ", FIRST_NETWORK, extent.networks, RandomCases::network),
            networks("random branches ", FIRST_BRANCHED, extent.branched, RandomCases::branched),
            networks(
                "network of several tiles ",
                FIRST_OF_SEVERAL_TILES,
                extent.tiled,
                RandomCases::separable))
        .flatMap(parts -> parts);
  }

  private Part againstTheOracle(
      String what, long seed, LongFunction<PlanCase> made, List<Recording> recordings) {
    return new Part(
        what,
        observer -> {
          ProbedCase probed = ProbedCase.of(backend(seed), made.apply(seed));
          observer.checked(what, probed.againstTheOracle(comparison));
          recorded(what, probed, recordings, observer);
        });
  }

  /** Comes after all layers, which have been counted by then. */
  private Part ties(String what) {
    return new Part(
        "codes of " + what,
        observer -> observer.checked("codes that differ: " + comparison, comparison.ties()));
  }

  private Stream<Part> networks(String what, long first, int count, LongFunction<PlanCase> made) {
    return LongStream.range(first, first + count)
        .mapToObj(
            seed ->
                new Part(
                    what + seed,
                    observer ->
                        recorded(
                            what + seed,
                            ProbedCase.of(backend(seed), made.apply(seed)),
                            RECORDINGS,
                            observer)));
  }

  private static void recorded(
      String what, ProbedCase probed, List<Recording> recordings, Observer observer) {
    for (Recording recording : recordings) {
      observer.checked(what + ", " + recording, probed.recorded(recording));
    }
  }

  private Backend backend(long seed) {
    return backends.get((int) (seed % backends.size()));
  }
}
