package io.depthscope.testkit;

import io.depthscope.device.Device;
import io.depthscope.device.DeviceStream;
import io.depthscope.device.MatrixLibrary;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A matrix product in Java, behind the interface of a vendor's: the way there and back is a real
 * one. Every sum is one chain of fused multiply-adds from depth 0 upwards.
 */
public final class HostMatrices implements MatrixLibrary {
  private final Device device;
  private long products;

  public HostMatrices(Device device) {
    this.device = device;
  }

  /** How often it was called. */
  public long products() {
    return products;
  }

  @Override
  public String description() {
    return "products on the host";
  }

  @Override
  public void multiply(
      DeviceStream stream, int m, int n, int k, long a, int lda, long b, int ldb, long c, int ldc) {
    if (m < 1 || n < 1 || k < 1 || lda < k || ldb < n || ldc < n) {
      throw new IllegalArgumentException("a product of " + m + "x" + k + " by " + k + "x" + n);
    }
    products++;
    float[] left = download(stream, a, (m - 1) * lda + k);
    float[] right = download(stream, b, (k - 1) * ldb + n);
    float[] product = download(stream, c, (m - 1) * ldc + n); // what lies between rows stays
    for (int row = 0; row < m; row++) {
      for (int column = 0; column < n; column++) {
        float sum = 0;
        for (int i = 0; i < k; i++) {
          sum = Math.fma(left[row * lda + i], right[i * ldb + column], sum);
        }
        product[row * ldc + column] = sum;
      }
    }
    MemorySegment host = device.allocatePinned(4L * product.length);
    MemorySegment.copy(product, 0, host, ValueLayout.JAVA_FLOAT, 0, product.length);
    device.upload(stream, host, c, host.byteSize());
    device.synchronize();
    device.freePinned(host);
  }

  private float[] download(DeviceStream stream, long from, int floats) {
    MemorySegment host = device.allocatePinned(4L * floats);
    device.download(stream, from, host, host.byteSize());
    device.synchronize();
    float[] values = host.toArray(ValueLayout.JAVA_FLOAT);
    device.freePinned(host);
    return values;
  }

  @Override
  public void close() {}
}
