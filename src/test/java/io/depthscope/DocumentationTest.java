package io.depthscope;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the documentation names exists: linked files, headings, pages cited in sources. */
class DocumentationTest {
  private static final Path ROOT = Path.of("").toAbsolutePath();
  private static final Set<String> NOT_OURS = Set.of("target", "runs", "__pycache__");

  /** A link or picture in Markdown, without a title. */
  private static final Pattern LINK = Pattern.compile("\\]\\(([^)\\s]+)\\)");

  private static final Pattern HEADING = Pattern.compile("(?m)^#{1,6} +(.+?) *$");

  /** A page of the documentation that a text names. */
  private static final Pattern CITATION = Pattern.compile("\\bdocs/[\\w./-]*\\w\\.(?:md|png)\\b");

  /** A generated section and its page, as tools/sections.py lists them. */
  private static final Pattern SECTION = Pattern.compile("\"([\\w:]+)\": ROOT / \"([^\"]+)\"");

  private static final Pattern SOURCE =
      Pattern.compile(".*\\.(?:java|py|cu|cuh|cpp|h|c|sh|md|html|js|xml)");

  @Test
  void relativeLinksLeadSomewhere() throws IOException {
    List<Path> pages = files(ROOT, Pattern.compile(".*\\.md"));
    assertTrue(pages.contains(ROOT.resolve("README.md")), () -> "no README.md in " + pages);
    int links = 0;
    List<String> broken = new ArrayList<>();
    for (Path page : pages) {
      links += count(LINK, Files.readString(page));
      broken.addAll(brokenLinks(page));
    }
    assertTrue(links > 30, "only " + links + " links were seen");
    assertEquals(List.of(), broken);
  }

  @Test
  void citedPagesExist() throws IOException {
    int citations = 0;
    Set<String> missing = new TreeSet<>();
    for (Path file : files(ROOT, SOURCE)) {
      Matcher m = CITATION.matcher(Files.readString(file));
      while (m.find()) {
        citations++;
        if (!Files.exists(ROOT.resolve(m.group()))) {
          missing.add(ROOT.relativize(file) + " cites " + m.group());
        }
      }
    }
    assertTrue(citations > 5, "only " + citations + " citations were seen");
    assertEquals(Set.of(), missing);
  }

  @Test
  void generatedSectionsHaveTheirMarkers() throws IOException {
    String writers = Files.readString(ROOT.resolve("tools/sections.py"));
    Matcher m = SECTION.matcher(writers);
    int sections = 0;
    while (m.find()) {
      sections++;
      String page = Files.readString(ROOT.resolve(m.group(2)));
      int start = page.indexOf("<!-- " + m.group(1) + ":start -->");
      int end = page.indexOf("<!-- " + m.group(1) + ":end -->");
      assertTrue(start >= 0 && end > start, m.group(2) + " lacks the markers of " + m.group(1));
    }
    assertTrue(sections > 2, "only " + sections + " sections were seen");
  }

  @Test
  void everyPackageSaysWhatItIs() throws IOException {
    Set<Path> packages = new TreeSet<>();
    for (Path file : files(ROOT.resolve("src/main/java"), Pattern.compile(".*\\.java"))) {
      packages.add(file.getParent());
    }
    assertTrue(packages.size() > 10, () -> "only these packages were seen: " + packages);
    List<Path> silent =
        packages.stream().filter(p -> !Files.exists(p.resolve("package-info.java"))).toList();
    assertEquals(List.of(), silent);
  }

  @Test
  void aBrokenLinkIsSeen(@TempDir Path folder) throws IOException {
    Files.writeString(folder.resolve("there.md"), "# One `name`: and two\n\n## One more\n");
    Path page = folder.resolve("page.md");
    Files.writeString(
        page,
        """
        # Here
        [a](there.md) [b](there.md#one-name-and-two) [c](#here) [d](https://example.org/x)
        [e](gone.md) [f](there.md#three) [g](#gone)
        """);
    assertEquals(
        List.of("page.md: gone.md", "page.md: there.md#three", "page.md: #gone"),
        brokenLinks(page).stream().map(s -> s.substring(s.lastIndexOf("page.md"))).toList());
  }

  private static List<String> brokenLinks(Path page) throws IOException {
    List<String> broken = new ArrayList<>();
    Matcher m = LINK.matcher(Files.readString(page));
    while (m.find()) {
      String link = m.group(1);
      if (link.matches("[a-z]+:.*")) {
        continue; // another site
      }
      int hash = link.indexOf('#');
      String file = hash < 0 ? link : link.substring(0, hash);
      Path target = file.isEmpty() ? page : page.resolveSibling(file);
      if (!Files.exists(target)
          || (hash >= 0 && !anchors(Files.readString(target)).contains(link.substring(hash + 1)))) {
        broken.add(page + ": " + link);
      }
    }
    return broken;
  }

  /** The anchors that GitHub gives to a page's headings; a repeated heading is not numbered. */
  private static Set<String> anchors(String markdown) {
    Set<String> found = new HashSet<>();
    Matcher m = HEADING.matcher(markdown);
    while (m.find()) {
      String text = m.group(1).toLowerCase(Locale.ROOT);
      found.add(text.replaceAll("[^\\p{L}\\p{N} _-]", "").replace(' ', '-'));
    }
    return found;
  }

  private static int count(Pattern pattern, String text) {
    return (int) pattern.matcher(text).results().count();
  }

  /** Files of these names below a folder, sorted, without what is built, hidden or recorded. */
  private static List<Path> files(Path folder, Pattern names) throws IOException {
    List<Path> found = new ArrayList<>();
    Files.walkFileTree(
        folder,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path dir, BasicFileAttributes attributes) {
            String name = dir.getFileName().toString();
            boolean skipped =
                !dir.equals(folder) && (name.startsWith(".") || NOT_OURS.contains(name));
            return skipped ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            if (names.matcher(file.getFileName().toString()).matches()) {
              found.add(file);
            }
            return FileVisitResult.CONTINUE;
          }
        });
    found.sort(null);
    return found;
  }
}
