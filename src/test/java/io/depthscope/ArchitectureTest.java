package io.depthscope;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.AccessTarget;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.conditions.ArchConditions;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.DecimalFormat;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** The directions between packages; docs/architecture.md says why. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS) // the classes are read once
class ArchitectureTest {
  private static final String ROOT = "io.depthscope.";
  private static final Path SOURCES = Path.of("src/main/java");
  private static final String JAVA = ".java";
  private static final String PACKAGE_INFO = "package-info";

  /** Each package uses only those before it. */
  private static final List<String> ORDER =
      List.of(
          "file",
          "tensor",
          "stats",
          "quant",
          "graph",
          "graph.draft",
          "zoo",
          "graph.exchange",
          "graph.exchange.lowering",
          "graph.exchange.onnx",
          "graph.exchange.tflite",
          "graph.exchange.keras",
          "dataset",
          "plan",
          "backend",
          "backend.reference",
          "backend.cpu",
          "device",
          "backend.cuda",
          "device.jcuda",
          "verification",
          "record",
          "remedy",
          "diagnosis",
          "run",
          "report.figure",
          "report",
          "cli");

  private static final List<String> IMPLEMENTATIONS =
      List.of(
          "backend.reference",
          "backend.cpu",
          "backend.cuda",
          "device.jcuda",
          "graph.exchange",
          "graph.exchange.onnx",
          "graph.exchange.tflite",
          "graph.exchange.keras");

  private static final List<String> WIRED_BY = List.of("run", "cli");

  /** What others are checked against: the oracle, and golden files. */
  private static final List<String> VERIFICATION_MAY_USE =
      List.of("backend.reference", "graph.exchange");

  private static final Set<String> BANNED_WORDS = Set.of("util", "common", "helper", "manager");

  private final JavaClasses classes =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("io.depthscope");

  @Test
  void seesTheWholeProject() throws IOException {
    Set<String> sources = new TreeSet<>();
    try (Stream<Path> files = Files.walk(SOURCES.resolve("io/depthscope"))) {
      files
          .map(file -> SOURCES.relativize(file).toString())
          .filter(file -> file.endsWith(JAVA) && !file.endsWith(PACKAGE_INFO + JAVA))
          .map(file -> file.substring(0, file.length() - JAVA.length()).replace('/', '.'))
          .forEach(sources::add);
    }
    Set<String> seen = new TreeSet<>();
    for (JavaClass c : classes) {
      if (c.isTopLevelClass() && !c.getSimpleName().equals(PACKAGE_INFO)) {
        seen.add(c.getName());
      }
    }
    assertTrue(sources.contains(ROOT + "cli.Main"), sources::toString);
    Set<String> oneSided = new TreeSet<>(sources);
    oneSided.addAll(seen);
    oneSided.removeIf(c -> sources.contains(c) && seen.contains(c));
    assertEquals(Set.of(), oneSided, "without a class, or without a file of its name");
    Set<String> packages = new TreeSet<>();
    for (JavaClass c : classes) {
      packages.add(c.getPackageName());
    }
    assertEquals(ORDER.stream().map(ROOT::concat).collect(Collectors.toSet()), packages);
  }

  @Test
  void packagesUseOnlyThoseBeforeThem() {
    for (int i = 0; i < ORDER.size(); i++) {
      for (int later = i + 1; later < ORDER.size(); later++) {
        forbid(ORDER.get(i), ORDER.get(later));
      }
    }
    forbid("plan", "dataset");
    forbid("plan", "graph.exchange");
    forbid("dataset", "graph");
    forbid("dataset", "quant");
    forbid("graph", "quant");
    forbid("graph", "stats");
    forbid("backend.cpu", "backend.reference");
    forbid("backend.cpu", "dataset");
    forbid("backend.reference", "dataset");
    forbid("run", "graph.exchange.lowering");
    forbid("run", "verification");
    forbid("report.figure", "run");
    forbid("report", "run");
  }

  @Test
  void implementationsAreWiredByTheUseCasesAndTheCommandLineAlone() {
    for (String implementation : IMPLEMENTATIONS) {
      for (String user : ORDER) {
        boolean oracle =
            user.equals("verification") && VERIFICATION_MAY_USE.contains(implementation);
        boolean format = user.startsWith(implementation + "."); // a reader of the package above it
        if (!WIRED_BY.contains(user) && !user.equals(implementation) && !oracle && !format) {
          forbid(user, implementation);
        }
      }
    }
  }

  private void forbid(String user, String used) {
    noClasses()
        .that()
        .resideInAPackage(ROOT + user)
        .should()
        .dependOnClassesThat()
        .resideInAPackage(ROOT + used)
        .check(classes);
  }

  @Test
  void onlyItsReaderSeesTheLibraryOfAFormat() {
    seenAlone("graph.exchange.onnx", "ai.onnx..", "com.google.protobuf..");
    seenAlone("graph.exchange.keras", "io.jhdf..");
    seenAlone("graph.exchange.tflite", "org.tensorflow..", "com.google.flatbuffers..");
  }

  private void seenAlone(String user, String... library) {
    noClasses()
        .that()
        .resideOutsideOfPackage(ROOT + user)
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(library)
        .check(classes);
  }

  @Test
  void onlyTheCommandLineKnowsOptionsAndATerminal() {
    noClasses()
        .that()
        .resideOutsideOfPackage(ROOT + "cli")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("picocli..", "me.tongfei..")
        .check(classes);
  }

  @Test
  void onlyTheCpuBackendUsesTheVectorApi() {
    noClasses()
        .that()
        .resideOutsideOfPackage(ROOT + "backend.cpu")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("jdk.incubator.vector..")
        .check(classes);
  }

  @Test
  void onlyItsBorderSeesJCuda() {
    noClasses()
        .that()
        .resideOutsideOfPackage(ROOT + "device.jcuda")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("jcuda..")
        .check(classes);
  }

  @Test
  void devicesAreKnownToNobodyButTheirBackend() {
    for (String user : ORDER) {
      if (!List.of("device", "device.jcuda", "backend.cuda", "run", "cli").contains(user)) {
        forbid(user, "device");
      }
    }
    for (String used : ORDER) {
      if (!used.startsWith("device") && !used.equals("file")) {
        forbid("device", used);
        forbid("device.jcuda", used);
      }
    }
  }

  @Test
  void nothingIsNamedAfterNothing() {
    noClasses()
        .should(
            ArchConditions.be(
                DescribedPredicate.describe(
                    "named util, common, helper or manager", ArchitectureTest::isBanned)))
        .check(classes);
  }

  private static boolean isBanned(JavaClass c) {
    String name = c.getName().toLowerCase(Locale.ROOT);
    String simple = c.getSimpleName().toLowerCase(Locale.ROOT);
    for (String word : BANNED_WORDS) {
      if (name.contains("." + word + ".") || name.contains("." + word + "s.")) {
        return true;
      }
    }
    return BANNED_WORDS.stream().anyMatch(w -> simple.endsWith(w) || simple.endsWith(w + "s"));
  }

  /** Digits and letters of what is written do not follow the machine's locale. */
  @Test
  void nothingFollowsTheMachinesLocale() {
    ArchRule rule =
        noClasses()
            .should()
            .accessTargetWhere(
                DescribedPredicate.describe(
                    "formatting or changing case without a Locale",
                    ArchitectureTest::followsTheMachine));
    rule.check(classes);
    JavaClasses planted = new ClassFileImporter().importClasses(FollowsTheMachine.class);
    String found = assertThrows(AssertionError.class, () -> rule.check(planted)).getMessage();
    for (String each :
        List.of("formatted", "format(", "printf", "toLowerCase", "DecimalFormat", "getDefault")) {
      assertTrue(found.contains(each), found);
    }
  }

  private static boolean followsTheMachine(JavaAccess<?> access) {
    String owner = access.getTarget().getOwner().getName();
    String name = access.getTarget().getName();
    boolean told =
        access.getTarget() instanceof AccessTarget.CodeUnitAccessTarget target
            && target.getRawParameterTypes().stream()
                .anyMatch(t -> t.getName().equals(Locale.class.getName()));
    return switch (owner) {
      case "java.lang.String" ->
          !told && List.of("format", "formatted", "toLowerCase", "toUpperCase").contains(name);
      case "java.io.PrintStream", "java.io.PrintWriter", "java.io.Console" ->
          !told && List.of("format", "printf").contains(name);
      case "java.util.Formatter", "java.util.Scanner" -> !told && name.equals("<init>");
      case "java.time.format.DateTimeFormatter" -> !told && name.startsWith("ofPattern");
      case "java.util.Locale" -> name.equals("getDefault");
      default ->
          owner.startsWith("java.text.") && owner.endsWith("Format")
              || owner.equals("java.util.FormatProcessor");
    };
  }

  /** What the rule must see. */
  static final class FollowsTheMachine {
    String all(PrintWriter out) {
      out.printf("%d", 1);
      return String.format("%d", 1)
          + "%d".formatted(1)
          + "I".toLowerCase()
          + new DecimalFormat("0").format(1)
          + Locale.getDefault();
    }
  }

  @Test
  void onlyMainEndsTheProcess() {
    noClasses()
        .that()
        .doNotHaveFullyQualifiedName("io.depthscope.cli.Main")
        .should()
        .callMethod(System.class, "exit", int.class)
        .orShould()
        .callMethod(Runtime.class, "exit", int.class)
        .orShould()
        .callMethod(Runtime.class, "halt", int.class)
        .check(classes);
  }
}
