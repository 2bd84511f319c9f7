/**
 * Files as every other package meets them: why an operation on one failed, why a text is no JSON,
 * and what identifies a file. Uses the JDK and the exceptions of the JSON parser.
 */
package io.depthscope.file;
