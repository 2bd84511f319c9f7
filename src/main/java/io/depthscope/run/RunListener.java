package io.depthscope.run;

/** Whom a use case tells what happens, and asks whether to go on; all on the thread that runs. */
public interface RunListener {

  /** Told what is left out or done in another way than asked: one sentence for people. */
  void notice(String line);

  /** Told what came of a part of the work, as it goes on: one line for people who watch. */
  default void step(String line) {}

  /**
   * Told that a part of the work begins, which is counted in images.
   *
   * @param what a word for it, such as {@code analyze}
   * @param from images that an earlier part of the run has done
   * @param to images when it is done
   */
  Progress begin(String what, long from, long to);

  /** Asked after each batch that another follows; true ends the work early. */
  boolean stop();

  /** A part of the work; closed when it ends, however it does. */
  interface Progress extends AutoCloseable {
    /** Told how many images are done, those of an earlier part of the run included. */
    void at(long done);

    @Override
    void close();
  }
}
