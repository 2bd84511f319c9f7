package io.depthscope.graph.exchange;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import io.depthscope.file.JsonErrors;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;

/**
 * The JSON header of a safetensors file: {@code {"NAME": {"dtype", "shape", "data_offsets"}, ...,
 * "__metadata__": {...}}}. It is read as a stream of tokens, so that a hostile header costs no more
 * memory than its tensors.
 *
 * <p>What the format's reference library takes is taken here: {@code "__metadata__": null}, white
 * space around the object, keys of a tensor that it does not know, and of a name or a metadata key
 * that stands twice the last one.
 *
 * @param tensors in the order of the header
 */
record SafetensorsHeader(Map<String, TensorInfo> tensors, Map<String, String> metadata) {
  static final String METADATA_KEY = "__metadata__";

  private static final int MAX_TENSORS = 65_536;
  private static final int MAX_RANK = 64;
  private static final int MAX_DEPTH = 128;

  // Names come from the file: nothing of them may outlive the parse in shared symbol tables.
  private static final JsonFactory JSON =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(MAX_DEPTH)
                  .maxNumberLength(20)
                  .build())
          .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
          .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
          .build();

  /** Why a header is refused; the caller knows the file's name. */
  static final class Refused extends Exception {
    Refused(String reason) {
      super(reason);
    }

    Refused(String reason, Throwable cause) {
      super(reason, cause);
    }
  }

  /**
   * Parses a header and checks it against the number of bytes that follow it.
   *
   * @throws Refused with the reason, if it breaks the format in any way
   */
  static SafetensorsHeader parse(byte[] json, long dataLength) throws Refused {
    if (!startsObject(json)) {
      throw new Refused("the header does not start with '{'");
    }
    // A decoder made this way reports malformed UTF-8 instead of replacing it.
    try (JsonParser parser =
        JSON.createParser(
            new InputStreamReader(
                new ByteArrayInputStream(json), StandardCharsets.UTF_8.newDecoder()))) {
      SafetensorsHeader header = read(parser);
      checkLayout(header.tensors.values(), dataLength);
      return header;
    } catch (JsonProcessingException e) {
      throw new Refused("the header is " + JsonErrors.reason(e), e);
    } catch (CharacterCodingException e) {
      throw new Refused("the header is not valid UTF-8", e);
    } catch (IOException e) {
      throw new Refused("the header cannot be read: " + e.getMessage(), e);
    }
  }

  /** True if the first byte that is no white space opens an object. */
  static boolean startsObject(byte[] json) {
    int i = 0;
    while (i < json.length && " \t\n\r".indexOf(json[i]) >= 0) {
      i++;
    }
    return i < json.length && json[i] == '{';
  }

  private static SafetensorsHeader read(JsonParser parser) throws IOException, Refused {
    Map<String, TensorInfo> tensors = new LinkedHashMap<>();
    Map<String, String> metadata = null;
    expect(parser.nextToken(), JsonToken.START_OBJECT, "the header");
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String name = parser.currentName();
      JsonToken value = parser.nextToken();
      if (name.equals(METADATA_KEY)) {
        if (metadata != null) {
          throw new Refused("the header holds two " + METADATA_KEY);
        }
        metadata = value == JsonToken.VALUE_NULL ? Map.of() : readMetadata(parser);
      } else {
        expect(value, JsonToken.START_OBJECT, quote(name));
        if (tensors.size() == MAX_TENSORS && !tensors.containsKey(name)) {
          throw new Refused("the header lists more than " + MAX_TENSORS + " tensors");
        }
        tensors.put(name, readTensor(parser, name));
      }
    }
    if (parser.nextToken() != null) {
      throw new Refused("there is text after the header's JSON object");
    }
    return new SafetensorsHeader(
        Collections.unmodifiableMap(tensors),
        metadata == null ? Map.of() : Collections.unmodifiableMap(metadata));
  }

  private static Map<String, String> readMetadata(JsonParser parser) throws IOException, Refused {
    expect(parser.currentToken(), JsonToken.START_OBJECT, quote(METADATA_KEY));
    Map<String, String> metadata = new LinkedHashMap<>();
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String key = parser.currentName();
      expect(parser.nextToken(), JsonToken.VALUE_STRING, "metadata " + quote(key));
      metadata.put(key, parser.getText());
    }
    return metadata;
  }

  private static TensorInfo readTensor(JsonParser parser, String name) throws IOException, Refused {
    String dtype = null;
    List<Long> shape = null;
    List<Long> offsets = null;
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String key = parser.currentName();
      JsonToken value = parser.nextToken();
      boolean again =
          switch (key) {
            case "dtype" -> dtype != null;
            case "shape" -> shape != null;
            case "data_offsets" -> offsets != null;
            default -> false;
          };
      if (again) {
        throw new Refused(quote(key) + " stands twice in " + quote(name));
      }
      switch (key) {
        case "dtype" -> {
          expect(value, JsonToken.VALUE_STRING, "the dtype of " + quote(name));
          dtype = parser.getText();
        }
        case "shape" -> shape = readSizes(parser, MAX_RANK, "the shape of " + quote(name));
        case "data_offsets" -> offsets = readSizes(parser, 2, "data_offsets of " + quote(name));
        default -> parser.skipChildren();
      }
    }
    if (dtype == null || shape == null || offsets == null) {
      String missing = dtype == null ? "dtype" : shape == null ? "shape" : "data_offsets";
      throw new Refused("tensor " + quote(name) + " has no " + missing);
    }
    if (offsets.size() != 2) {
      throw new Refused("data_offsets of " + quote(name) + " are not two numbers");
    }
    return new TensorInfo(name, dtype, shape, offsets.get(0), offsets.get(1));
  }

  private static List<Long> readSizes(JsonParser parser, int most, String what)
      throws IOException, Refused {
    expect(parser.currentToken(), JsonToken.START_ARRAY, what);
    List<Long> sizes = new ArrayList<>();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      expect(parser.currentToken(), JsonToken.VALUE_NUMBER_INT, "an element of " + what);
      long size = parser.getLongValue();
      if (size < 0) {
        throw new Refused(what + " has the negative element " + size);
      }
      if (sizes.size() == most) {
        throw new Refused(what + " has more than " + most + " elements");
      }
      sizes.add(size);
    }
    return sizes;
  }

  /** Every byte behind the header belongs to exactly one tensor of matching size. */
  private static void checkLayout(Iterable<TensorInfo> tensors, long dataLength) throws Refused {
    List<TensorInfo> ordered = new ArrayList<>();
    for (TensorInfo t : tensors) {
      if (t.end() < t.begin() || t.end() > dataLength) {
        throw new Refused(
            String.format(
                Locale.ROOT,
                "data_offsets [%d, %d] of %s are outside the %d data bytes%s",
                t.begin(),
                t.end(),
                quote(t.name()),
                dataLength,
                t.end() > dataLength ? " (truncated file?)" : ""));
      }
      checkByteCount(t);
      ordered.add(t);
    }
    ordered.sort(Comparator.comparingLong(TensorInfo::begin).thenComparingLong(TensorInfo::end));
    long covered = 0;
    for (TensorInfo t : ordered) {
      if (t.begin() < covered) {
        throw new Refused("tensor " + quote(t.name()) + " overlaps the one before it");
      }
      if (t.begin() > covered) {
        throw new Refused(
            String.format(
                Locale.ROOT,
                "tensor %2$s does not follow the one before it: a gap of %1$d byte(s)",
                t.begin() - covered,
                quote(t.name())));
      }
      covered = t.end();
    }
    if (covered != dataLength) {
      throw new Refused(dataLength - covered + " byte(s) after the last tensor");
    }
  }

  private static void checkByteCount(TensorInfo t) throws Refused {
    OptionalInt size = elementSize(t.dtype());
    long needed = size.orElse(1);
    try {
      for (long extent : t.shape()) {
        needed = Math.multiplyExact(needed, extent);
      }
    } catch (ArithmeticException e) {
      throw new Refused("the shape " + t.shape() + " of " + quote(t.name()) + " overflows", e);
    }
    long stored = t.end() - t.begin();
    // An unknown dtype is refused only when the tensor is asked for, so its size is not known here.
    if (size.isPresent() && needed != stored) {
      throw new Refused(
          String.format(
              Locale.ROOT,
              "tensor %s: %s %s needs %d bytes, data_offsets give %d",
              quote(t.name()),
              t.dtype(),
              t.shape(),
              needed,
              stored));
    }
  }

  /** Bytes of one element, for the dtypes of whole bytes. */
  private static OptionalInt elementSize(String dtype) {
    return switch (dtype) {
      case "BOOL", "U8", "I8", "F8_E5M2", "F8_E4M3", "F8_E8M0", "F8_E5M2FNUZ", "F8_E4M3FNUZ" ->
          OptionalInt.of(1);
      case "U16", "I16", "F16", "BF16" -> OptionalInt.of(2);
      case "U32", "I32", "F32" -> OptionalInt.of(4);
      case "U64", "I64", "F64", "C64" -> OptionalInt.of(8);
      default -> OptionalInt.empty();
    };
  }

  private static void expect(JsonToken actual, JsonToken expected, String what) throws Refused {
    if (actual != expected) {
      throw new Refused(what + " is not " + article(expected));
    }
  }

  private static String article(JsonToken token) {
    return switch (token) {
      case START_OBJECT -> "an object";
      case START_ARRAY -> "an array";
      case VALUE_STRING -> "a string";
      case VALUE_NUMBER_INT -> "an integer";
      default -> token.toString();
    };
  }

  private static String quote(String name) {
    return "'" + ModelFormatException.shortened(name) + "'";
  }
}
