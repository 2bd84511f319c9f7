package io.depthscope.backend.cuda;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.RecordComponent;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;

/**
 * How a record of parameters is read as 32-bit words. Worked out once for each type, since every
 * launch encodes its parameters.
 */
final class StructLayout {
  private static final ClassValue<StructLayout> LAYOUTS =
      new ClassValue<>() {
        @Override
        protected StructLayout computeValue(Class<?> type) {
          return new StructLayout(type);
        }
      };

  private static final MethodType WORD = MethodType.methodType(int.class, KernelParams.class);

  private final List<MethodHandle> words;

  private StructLayout(Class<?> type) {
    this.words = Arrays.stream(type.getRecordComponents()).map(StructLayout::word).toList();
  }

  static StructLayout of(Class<? extends KernelParams> type) {
    return LAYOUTS.get(type);
  }

  /** The bits of a field, from the record. */
  private static MethodHandle word(RecordComponent field) {
    Class<?> type = field.getType();
    if (type != int.class && type != float.class && type != boolean.class) {
      throw new IllegalStateException(field + " is no 32-bit field");
    }
    try {
      MethodHandles.Lookup lookup = MethodHandles.lookup();
      MethodHandle value = lookup.unreflect(field.getAccessor());
      if (type == float.class) {
        MethodType bits = MethodType.methodType(int.class, float.class);
        value =
            MethodHandles.filterReturnValue(
                value, lookup.findStatic(Float.class, "floatToRawIntBits", bits));
      }
      return MethodHandles.explicitCastArguments(value, WORD); // true becomes 1
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }

  int bytes() {
    return words.size() * Integer.BYTES;
  }

  /** The words of {@code params}, little-endian. */
  byte[] encode(KernelParams params) {
    ByteBuffer out = ByteBuffer.allocate(bytes()).order(ByteOrder.LITTLE_ENDIAN);
    for (MethodHandle word : words) {
      out.putInt(read(word, params));
    }
    return out.array();
  }

  private static int read(MethodHandle word, KernelParams params) {
    try {
      return (int) word.invokeExact(params);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(e); // accessors of records declare nothing
    }
  }
}
