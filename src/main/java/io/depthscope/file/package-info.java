/**
 * Files as every other package meets them: why an operation on one failed, and what identifies one.
 * Uses the JDK alone.
 */
package io.depthscope.file;
