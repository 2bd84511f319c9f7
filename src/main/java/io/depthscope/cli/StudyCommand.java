package io.depthscope.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.depthscope.dataset.Dataset;
import io.depthscope.dataset.Preprocessing;
import io.depthscope.diagnosis.Claim;
import io.depthscope.diagnosis.Claims;
import io.depthscope.diagnosis.StudyNetwork;
import io.depthscope.file.FileErrors;
import io.depthscope.graph.exchange.LoadOptions;
import io.depthscope.graph.exchange.LoadedModel;
import io.depthscope.quant.Granularity;
import io.depthscope.quant.QuantFormat;
import io.depthscope.quant.QuantScheme;
import io.depthscope.quant.RangeEstimator;
import io.depthscope.record.AtomicFile;
import io.depthscope.record.BuildInfo;
import io.depthscope.record.RefusedOutputException;
import io.depthscope.record.RunDirectory;
import io.depthscope.record.RunManifest;
import io.depthscope.record.RunSetting;
import io.depthscope.record.StudyDirectory;
import io.depthscope.report.LabelledRun;
import io.depthscope.report.StudyPage;
import io.depthscope.report.StudyTables;
import io.depthscope.run.BackendChoice;
import io.depthscope.run.InputRange;
import io.depthscope.run.Machine;
import io.depthscope.run.ModelReader;
import io.depthscope.run.StatedImages;
import io.depthscope.run.StudyRun;
import io.depthscope.run.Subject;
import io.depthscope.run.Zoo;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Runs a zoo of networks at several settings and holds the paper's claims against them. */
@Command(
    name = "study",
    mixinStandardHelpOptions = true,
    description = {
      "Quantize many networks in several ways on the same images, put them side by side, and judge"
          + " by the numbers whether depthwise-separable networks quantize worse than regular"
          + " ones.",
      "Without options: the networks trained on the synthetic images, on 2,000 of them. With"
          + " --data CIFAR-10: those trained on CIFAR-10."
    })
final class StudyCommand implements Callable<Integer> {
  private static final String MENDED_CSV = "mended.csv";
  private static final Pattern NAME =
      Pattern.compile("[\\p{L}\\p{N}_+-][\\p{L}\\p{N}._+ -]{0,199}");

  @Spec private CommandSpec spec;
  @Mixin private NetworkOptions networkOptions;
  @Mixin private DataOptions dataOptions;
  @Mixin private BackendOptions backendOptions;

  @Option(
      names = "--zoo",
      paramLabel = "NAME",
      description =
          "Networks inside the program: synthetic, cifar10 (after their training data) or none."
              + " Default: synthetic for synthetic images, otherwise cifar10; none with --model.")
  private Zoo.TrainedOn zoo;

  @Option(
      names = "--model",
      paramLabel = "FILE",
      arity = "1..*",
      description = "Other networks to study; a file called NAME-seedN is a seed of NAME.")
  private List<Path> models = List.of();

  @Option(
      names = "--input-range-of",
      paramLabel = "NAME=R",
      description = "The --input-range of one network of --model; may be repeated.")
  private Map<String, InputRange> inputRanges = Map.of();

  @Option(
      names = "--bits",
      paramLabel = "N",
      split = ",",
      defaultValue = "8,6,4",
      description = "Bits of weights and activations, 2..16. Default: ${DEFAULT-VALUE}.")
  private List<Integer> bits;

  @Option(
      names = "--granularity",
      paramLabel = "G",
      split = ",",
      defaultValue = "per-tensor,per-channel",
      description = "Scales of the weights. Default: ${DEFAULT-VALUE}.")
  private List<Granularity> granularity;

  @Option(
      names = "--calibrate",
      paramLabel = "N",
      defaultValue = "200",
      description =
          "Images the ranges are taken from, spread evenly over --data; for synthetic images, of"
              + " the training split. Default: ${DEFAULT-VALUE}.")
  private int calibrate;

  @Option(
      names = "--calibrate-data",
      paramLabel = "DATA",
      description = "Where they come from instead.")
  private String calibrateData;

  @Option(
      names = "--mend",
      description = "Mend each network for each setting, too, as the command mend does.")
  private boolean mend;

  @Mixin private MendTarget target;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "Folder of the study. Default: runs/study-TIME.")
  private Path out;

  @Option(names = "--resume", description = "Continue the study in --out: finished runs are kept.")
  private boolean resume;

  @Option(names = "--quiet", description = "No progress, no tables.")
  private boolean quiet;

  @Override
  public Integer call() throws IOException {
    backendOptions.check();
    dataOptions.check();
    UsageException.requirePositive("--calibrate", calibrate);
    if (!mend && target.given()) {
      throw new UsageException("--target is of --mend");
    }
    target.share();
    List<QuantScheme> schemes = schemes();
    if (resume && out == null) {
      throw new UsageException("--resume needs --out DIR, the interrupted study");
    }
    List<StudyRun.Candidate> networks = networks();
    Path directory = out != null ? out : TimedFolder.below(Path.of("runs"), "study");
    StudyDirectory study = new StudyDirectory(directory);
    study.requireOurs();
    if (!resume && study.isBegun()) {
      throw new RefusedOutputException(
          directory + " holds a study; add --resume to finish it, or choose another --out");
    }
    OutputFile.checkApart(
        "--out",
        Stream.of(StudyDirectory.RESULTS, "study.csv", MENDED_CSV, RunDirectory.REPORT)
            .map(directory::resolve)
            .toList(),
        Stream.of(models, dataOptions.inputs(), DataOptions.inputsOf(calibrateData))
            .flatMap(List::stream)
            .toList());
    String dataSpec = dataOptions.spec(networks.getFirst().subject().model());
    PrintWriter err = spec.commandLine().getErr();
    try (BackendChoice.Opened opened = backendOptions.choice().open();
        Dataset data = dataOptions.openLabelled(dataSpec, networks.getFirst().subject().model());
        Interruption interruption = Interruption.install(err)) {
      for (StudyRun.Candidate c : networks) {
        dataOptions.checkClasses(data, c.subject().model());
      }
      create(directory);
      Machine machine = backendOptions.machine(opened);
      StudyRun run =
          new StudyRun(
              study,
              networks,
              schemes,
              mend ? Optional.of(target.share()) : Optional.empty(),
              dataOptions.images(data),
              new StudyRun.Calibrating(calibrate, ownImages(dataSpec)),
              machine);
      Optional<StudyRun.Result> result;
      try {
        result = run.run(new Terminal(err, quiet, interruption::requested));
      } catch (InterruptedIOException e) {
        result = Optional.empty();
      }
      if (result.isEmpty()) {
        err.println(
            "depthscope: interrupted; repeat the command with --out "
                + directory
                + " --resume to continue");
        return Main.INTERRUPTED;
      }
      finish(directory, result.get(), provenance(machine, data, result.get()));
    }
    return 0;
  }

  private static void create(Path directory) throws IOException {
    try {
      Files.createDirectories(directory);
    } catch (IOException e) {
      throw new IOException(
          "cannot create the folder " + directory + ": " + FileErrors.reason(e), e);
    }
  }

  private void finish(Path directory, StudyRun.Result result, RunManifest provenance)
      throws IOException {
    List<Claim> claims = Claims.judge(result.study());
    ObjectMapper mapper = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
    byte[] json =
        mapper.writeValueAsBytes(StudyTables.json(result.study(), claims, provenance.entries()));
    AtomicFile.write(
        directory.resolve("study.csv"),
        to -> to.write(StudyTables.csv(result.study()).getBytes(StandardCharsets.UTF_8)));
    if (mend) {
      AtomicFile.write(
          directory.resolve(MENDED_CSV),
          to -> to.write(StudyTables.mendedCsv(result.study()).getBytes(StandardCharsets.UTF_8)));
    }
    List<LabelledRun> runs =
        result.runs().stream()
            .map(
                f ->
                    new LabelledRun(
                        f.network().name()
                            + " "
                            + f.run().scheme().name()
                            + " "
                            + f.run().scheme().granularity(),
                        f.network().name(),
                        f.run()))
            .toList();
    byte[] page = StudyPage.of(result.study(), claims, runs).getBytes(StandardCharsets.UTF_8);
    AtomicFile.write(directory.resolve(RunDirectory.REPORT), to -> to.write(page));
    AtomicFile.write(directory.resolve(StudyDirectory.RESULTS), to -> to.write(json));
    PrintWriter text = spec.commandLine().getOut();
    if (!quiet) {
      StudyText.print(result.study(), claims, text);
      text.println();
    }
    text.println("results: " + directory + ", report: " + directory.resolve(RunDirectory.REPORT));
  }

  private RunManifest provenance(Machine machine, Dataset data, StudyRun.Result result) {
    BuildInfo build = BuildInfo.load();
    return RunManifest.ofMachine()
        .with(RunSetting.VERSION, build.version())
        .with(RunSetting.COMMIT, build.commitText())
        .with(RunSetting.BACKEND, machine.backend().name())
        .with(RunSetting.BACKEND_DESCRIPTION, machine.backend().description())
        .with(RunSetting.BACKEND_CHOICE, machine.choice())
        .with(RunSetting.THREADS, machine.threads())
        .with(RunSetting.DATA, data.description())
        .with(RunSetting.DATA_FINGERPRINT, data.fingerprint())
        .with(RunSetting.CALIBRATION_IMAGES, calibrate)
        .with("secondsOfRuns", result.seconds());
  }

  private List<QuantScheme> schemes() {
    List<QuantScheme> schemes = new ArrayList<>();
    for (int b : bits) {
      if (b < QuantFormat.MIN_BITS || b > QuantFormat.MAX_BITS) {
        throw new UsageException(
            "--bits must be " + QuantFormat.MIN_BITS + ".." + QuantFormat.MAX_BITS + ", got " + b);
      }
      for (Granularity scales : granularity) {
        QuantScheme scheme =
            QuantScheme.parse(
                "w" + b + "a" + b,
                false,
                false,
                scales,
                new RangeEstimator.MinMax(),
                new RangeEstimator.MinMax());
        if (!schemes.contains(scheme)) {
          schemes.add(scheme);
        }
      }
    }
    if (schemes.isEmpty()) {
      throw new UsageException("--bits and --granularity must each name one at least");
    }
    return schemes;
  }

  private List<StudyRun.Candidate> networks() throws IOException {
    List<StudyRun.Candidate> networks = new ArrayList<>();
    Zoo.TrainedOn wanted =
        zoo != null
            ? zoo
            : !models.isEmpty()
                ? Zoo.TrainedOn.NONE
                : dataOptions.isSynthetic() ? Zoo.TrainedOn.SYNTHETIC : Zoo.TrainedOn.CIFAR10;
    List<Zoo.Member> members = Zoo.of(wanted);
    if (members.isEmpty() && wanted != Zoo.TrainedOn.NONE) {
      throw new IOException(
          "this build holds no networks trained on "
              + wanted.name().toLowerCase(Locale.ROOT)
              + "; give --model FILE");
    }
    for (Zoo.Member m : members) {
      LoadedModel model = m.load();
      // The options speak of the networks that the user gives; these say everything themselves.
      Preprocessing preprocessing = StatedImages.NOTHING.preprocessing(model);
      add(networks, m.name(), new Subject(model, preprocessing));
    }
    LoadOptions options = networkOptions.loadOptions();
    for (String name : inputRanges.keySet()) {
      if (models.stream().map(ModelReader::nameOf).noneMatch(name::equals)) {
        throw new UsageException("--input-range-of " + name + ": no --model is called so");
      }
    }
    for (Path file : models) {
      String name = ModelReader.nameOf(file);
      LoadedModel model = ModelReader.load(file, options);
      InputRange own = inputRanges.get(name);
      StatedImages stated =
          own == null ? networkOptions.images() : networkOptions.images(Optional.of(own));
      Subject subject = new Subject(model, stated.preprocessing(model));
      if (!quiet) {
        networkOptions
            .lines(subject, stated)
            .forEach(line -> spec.commandLine().getErr().println(name + ": " + line));
      }
      add(networks, name, subject);
    }
    if (networks.isEmpty()) {
      throw new UsageException("no networks: give --model FILE or --zoo");
    }
    return networks;
  }

  private static void add(List<StudyRun.Candidate> networks, String name, Subject subject)
      throws IOException {
    if (!NAME.matcher(name).matches()) { // it names a folder and stands on the terminal
      throw new IOException(
          "a network of a study is called by letters, digits, spaces and . _ + - alone, not "
              + Main.oneLine(name));
    }
    StudyNetwork network = StudyNetwork.of(name, subject.model().family());
    if (networks.stream().anyMatch(c -> c.network().name().equals(name))) {
      throw new IOException("two networks are called " + name);
    }
    networks.add(new StudyRun.Candidate(network, subject));
  }

  private Optional<StudyRun.OwnImages> ownImages(String dataSpec) {
    return Optional.ofNullable(calibrateData)
        .or(() -> DataOptions.trainingSplit(dataSpec, calibrate))
        .map(from -> new StudyRun.OwnImages(from, () -> dataOptions.openUnlabelled(from)));
  }
}
