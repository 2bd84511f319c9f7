/**
 * Files as every other package meets them: why an operation on one failed. Uses the JDK and the
 * exceptions of the JSON parser.
 */
package io.depthscope.file;
