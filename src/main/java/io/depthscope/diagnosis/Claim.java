package io.depthscope.diagnosis;

import java.util.List;

/**
 * A claim of Yun and Wong, "Do All MobileNets Quantize Poorly?" (CVPR 2021 workshops), and what the
 * measurements of a study say of it.
 *
 * @param number 1 to 4
 * @param statement the claim in our words
 * @param evidence what was measured; those that do not count stand last
 * @param verdict joint verdict of the evidence that counts
 */
public record Claim(int number, String statement, List<Evidence> evidence, Verdict verdict) {

  /**
   * One measurement that speaks for or against a claim.
   *
   * @param statement the comparison with its numbers
   * @param difference how much more the claim's side shows than the other; above 0 speaks for the
   *     claim
   * @param threshold difference that is called one
   * @param noise what the difference must exceed, too: from the spread between seeds or the number
   *     of images, whichever is larger; NaN where neither is known
   * @param counts false for what the claim does not speak of, such as other bit widths
   */
  public record Evidence(
      String statement,
      double difference,
      double threshold,
      double noise,
      boolean counts,
      Verdict verdict) {}

  public Claim {
    evidence = List.copyOf(evidence);
  }

  static Claim of(int number, String statement, List<Evidence> evidence) {
    List<Verdict> counting =
        evidence.stream().filter(Evidence::counts).map(Evidence::verdict).toList();
    return new Claim(number, statement, evidence, Verdict.joint(counting));
  }
}
