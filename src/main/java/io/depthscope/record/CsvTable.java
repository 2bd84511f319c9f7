package io.depthscope.record;

import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.dataformat.csv.CsvMapper;
import com.fasterxml.jackson.dataformat.csv.CsvParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.function.UnaryOperator;

/** Reads a table of ours row by row, fields by their column's name. */
final class CsvTable implements AutoCloseable {
  private static final ObjectReader READER =
      new CsvMapper().enable(CsvParser.Feature.WRAP_AS_ARRAY).readerFor(String[].class);

  private final Path file;
  private final MappingIterator<String[]> rows;
  private final Map<String, Integer> columns = new HashMap<>();
  private String[] row = {};
  private int line = 1;

  /**
   * @param most bytes it may have
   */
  CsvTable(Path file, long most) throws IOException {
    this.file = file;
    try {
      if (Files.size(file) > most) {
        throw new IOException("it is larger than " + most + " bytes");
      }
      rows = READER.readValues(Files.newBufferedReader(file));
      if (!rows.hasNextValue()) {
        throw new IOException("it is empty");
      }
    } catch (IOException e) {
      throw StoreErrors.cannotRead(file, e);
    }
    for (String name : rows.nextValue()) {
      columns.put(name, columns.size());
    }
  }

  /** Goes to the next row; false at the end. */
  boolean next() throws IOException {
    try {
      if (!rows.hasNextValue()) {
        return false;
      }
      row = rows.nextValue();
    } catch (IOException e) {
      throw StoreErrors.cannotRead(file, e);
    }
    line++;
    if (row.length != columns.size()) {
      throw wrong(row.length + " fields, not " + columns.size());
    }
    return true;
  }

  boolean has(String column) {
    return columns.containsKey(column);
  }

  String text(String column) throws IOException {
    Integer at = columns.get(column);
    if (at == null) {
      throw new IOException(
          file + ": the column " + column + " is missing; " + RunReader.MADE_ANEW);
    }
    return row[at];
  }

  int integer(String column) throws IOException {
    try {
      return Integer.parseInt(text(column));
    } catch (NumberFormatException e) {
      throw wrong(column + " is no integer");
    }
  }

  long count(String column) throws IOException {
    try {
      return Long.parseLong(text(column));
    } catch (NumberFormatException e) {
      throw wrong(column + " is no integer");
    }
  }

  /** An empty field is NaN. */
  double number(String column) throws IOException {
    String text = text(column);
    try {
      return text.isEmpty() ? Double.NaN : Double.parseDouble(text);
    } catch (NumberFormatException e) {
      throw wrong(column + " is no number");
    }
  }

  /** The columns of one part of a row, by the names of its figures. */
  FigureList.Source of(String part) {
    return source(figure -> RunCsv.column(part, figure));
  }

  /** The columns of the energies by source. */
  FigureList.Source energies() {
    return source(RunCsv::energyColumn);
  }

  private FigureList.Source source(UnaryOperator<String> column) {
    CsvTable table = this;
    return new FigureList.Source() {
      @Override
      public double number(String name) throws IOException {
        // A table has no energy of the whole error.
        return name.equals(RunFigures.TOTAL.name()) ? Double.NaN : table.number(column.apply(name));
      }

      @Override
      public long count(String name) throws IOException {
        return table.count(column.apply(name));
      }

      @Override
      public int integer(String name) throws IOException {
        return table.integer(column.apply(name));
      }
    };
  }

  /** About the row it is at. */
  IOException wrong(String what) {
    return new IOException(file + ": row " + line + ": " + what);
  }

  @Override
  public void close() throws IOException {
    rows.close();
  }
}
