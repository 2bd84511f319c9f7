/**
 * The use cases: an analysis, a study, the packing of images, and what they need: which backend,
 * how a network reads its images, where ranges come from. They tell a {@code RunListener} what
 * happens; nothing here prints or knows options. With {@code cli} the only package that chooses
 * implementations. May use {@code diagnosis} and what is below; {@code report} does not use it.
 */
package io.depthscope.run;
