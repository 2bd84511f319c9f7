package io.depthscope.record;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.depthscope.file.FileErrors;
import io.depthscope.file.JsonErrors;
import java.io.IOException;

/** Errors of the store name the file and the reason. */
final class StoreErrors {

  private StoreErrors() {}

  /** {@code cannot write FILE: reason}. */
  static IOException cannotWrite(Object file, IOException e) {
    return new IOException("cannot write " + file + ": " + FileErrors.reason(e), e);
  }

  /** {@code FILE: reason}; a JSON error says where. */
  static IOException cannotRead(Object file, IOException e) {
    if (e instanceof JsonProcessingException json) {
      return new IOException(file + ": " + JsonErrors.reason(json), e);
    }
    return new IOException(file + ": " + FileErrors.reason(e), e);
  }
}
