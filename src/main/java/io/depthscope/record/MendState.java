package io.depthscope.record;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** How far mending has come: the remedies that were tried, and the network that is kept. */
public final class MendState implements Checkpoint.State {
  private static final int MOST = 1000;

  private final List<MendAccount.Step> steps = new ArrayList<>();
  private Optional<Kept> kept = Optional.empty();

  /**
   * The best network so far, which stands in the folder.
   *
   * @param recipe names of its remedies, in their order
   * @param networkSha256 of its file
   * @param quantization fingerprint of how it is quantized
   */
  public record Kept(List<String> recipe, String networkSha256, String quantization) {
    public Kept {
      recipe = List.copyOf(recipe);
    }
  }

  /** Those that were tried, in order. */
  public List<MendAccount.Step> steps() {
    return List.copyOf(steps);
  }

  /** The network that stands in the folder; empty before there is one. */
  public Optional<Kept> kept() {
    return kept;
  }

  /** Adds one that was tried. */
  public void add(MendAccount.Step step) {
    steps.add(step);
  }

  /** The network in the folder is now another one. */
  public void keep(Kept other) {
    kept = Optional.of(other);
  }

  @Override
  public void write(DataOutput out) throws IOException {
    out.writeInt(steps.size());
    for (MendAccount.Step s : steps) {
      out.writeUTF(s.remedy());
      out.writeDouble(s.foreseenDb());
      out.writeDouble(s.calibratedDb());
      write(s.measured(), out);
      out.writeBoolean(s.kept());
      out.writeDouble(s.seconds());
      write(s.account(), out);
    }
    out.writeBoolean(kept.isPresent());
    if (kept.isPresent()) {
      write(kept.get().recipe(), out);
      out.writeUTF(kept.get().networkSha256());
      out.writeUTF(kept.get().quantization());
    }
  }

  private static void write(Judgement j, DataOutput out) throws IOException {
    out.writeLong(j.images());
    out.writeDouble(j.sqnrDb());
    out.writeDouble(j.fp32Change());
    out.writeDouble(j.fp32Accuracy());
    out.writeDouble(j.accuracy());
    out.writeDouble(j.sameClass());
  }

  private static void write(List<String> lines, DataOutput out) throws IOException {
    out.writeInt(lines.size());
    for (String line : lines) {
      out.writeUTF(line);
    }
  }

  @Override
  public void read(DataInput in) throws IOException {
    int n = count(in);
    for (int i = 0; i < n; i++) {
      steps.add(
          new MendAccount.Step(
              in.readUTF(),
              in.readDouble(),
              in.readDouble(),
              judgement(in),
              in.readBoolean(),
              in.readDouble(),
              lines(in)));
    }
    if (in.readBoolean()) {
      kept = Optional.of(new Kept(lines(in), in.readUTF(), in.readUTF()));
    }
  }

  private static Judgement judgement(DataInput in) throws IOException {
    return new Judgement(
        in.readLong(),
        in.readDouble(),
        in.readDouble(),
        in.readDouble(),
        in.readDouble(),
        in.readDouble());
  }

  private static List<String> lines(DataInput in) throws IOException {
    List<String> all = new ArrayList<>();
    for (int n = count(in); n > 0; n--) {
      all.add(in.readUTF());
    }
    return all;
  }

  private static int count(DataInput in) throws IOException {
    int n = in.readInt();
    if (n < 0 || n > MOST) {
      throw new IOException(n + " entries");
    }
    return n;
  }
}
