package io.depthscope.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class TextTableTest {

  @Test
  void longNamesAreShortenedSoThatTheyAreFoundAgain() {
    assertEquals("conv_dw_1", TextTable.shortened("conv_dw_1"));
    String first = "MobilenetV2/expanded_conv_1/depthwise/Relu6";
    assertEquals(first + ";...", TextTable.shortened(first + ";MobilenetV2/conv/BatchNorm/bias"));
    String name = "a".repeat(40) + "b".repeat(40);
    assertEquals("a".repeat(26) + "..." + "b".repeat(27), TextTable.shortened(name));
    assertEquals(56, TextTable.shortened(name).length());
  }

  @Test
  void theOtherColumnsStayWhole() {
    TextTable table = new TextTable(1, "layer", "value");
    table.row("x".repeat(100), "1");
    assertEquals(2, table.lines().size());
    assertEquals(56 + 2 + "value".length(), table.lines().get(1).length());
  }
}
