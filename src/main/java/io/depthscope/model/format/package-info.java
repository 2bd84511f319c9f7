/**
 * Weight files to models: safetensors, in the dialects of names that trained networks come in.
 * Every file is hostile: lengths are checked before anything is allocated. May use {@code model}
 * and {@code tensor}; {@code cli} and {@code verification} alone use it.
 */
package io.depthscope.model.format;
