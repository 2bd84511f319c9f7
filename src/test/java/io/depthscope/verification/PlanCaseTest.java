package io.depthscope.verification;

import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.depthscope.backend.BackendException;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class PlanCaseTest {

  /** Else {@code verify} would call a failing GPU an internal error. */
  @Test
  void aFailureOfTheBackendArrivesAsItIs() {
    BackendException failure = new BackendException("backend cuda: launch failed", null);
    assertSame(
        failure,
        assertThrows(
            BackendException.class, () -> PlanCase.await(CompletableFuture.failedFuture(failure))));
    IllegalArgumentException other = new IllegalArgumentException("other");
    assertSame(
        other,
        assertThrows(
                IllegalStateException.class,
                () -> PlanCase.await(CompletableFuture.failedFuture(other)))
            .getCause());
  }
}
