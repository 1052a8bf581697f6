package dev.spooled;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// Small manners of the whole repository that no compiler checks.
class TidyTest {
    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final Set<String> TEXTS =
            Set.of("java", "sql", "md", "sh", "xml", "yaml", "yml", "json", "properties", "txt");
    private static final Set<String> SKIPPED = Set.of("target", ".git", "node_modules", "spooled-data", "results");

    @Test
    void noUnfinishedWork() {
        assertNoLineMatches(Pattern.compile("\\b(TO" + "DO|FIX" + "ME|XX" + "X)\\b"));
    }

    @Test
    void noPathsOfOneMachine() {
        assertNoLineMatches(Pattern.compile("(^|[^\\w.-])/(wo" + "rk|ho" + "me/\\w+|ro" + "ot)/\\w"));
    }

    @Test
    void noTabs() {
        assertNoLineMatches(Pattern.compile("\t"));
    }

    @Test
    void testsNeitherSleepNorHide() {
        var banned = Pattern.compile("Thread\\.sl" + "eep|@Dis" + "abled");
        assertThat(offences(banned, file -> file.toString().contains("/src/test/")))
                .isEmpty();
    }

    @Test
    void everyPackageTellsItsStory() {
        Set<Path> packages = new TreeSet<>();
        Set<Path> told = new TreeSet<>();
        for (Path file : files(file ->
                file.toString().contains("/src/main/java/") && file.toString().endsWith(".java"))) {
            packages.add(file.getParent());
            if (file.endsWith("package-info.java")) {
                told.add(file.getParent());
            }
        }
        assertThat(packages).isEqualTo(told);
    }

    private static void assertNoLineMatches(Pattern banned) {
        assertThat(offences(banned, TidyTest::isText)).isEmpty();
    }

    private static boolean isText(Path file) {
        String name = file.getFileName().toString();
        return TEXTS.contains(name.substring(name.lastIndexOf('.') + 1));
    }

    private static List<String> offences(Pattern banned, java.util.function.Predicate<Path> which) {
        return files(which).stream().flatMap(file -> lines(file, banned)).toList();
    }

    private static Stream<String> lines(Path file, Pattern banned) {
        try {
            List<String> lines = Files.readAllLines(file);
            return java.util.stream.IntStream.range(0, lines.size())
                    .filter(i -> banned.matcher(lines.get(i)).find())
                    .mapToObj(i -> ROOT.relativize(file) + ":" + (i + 1) + ": "
                            + lines.get(i).strip());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Skipped folders are not walked at all: a PostgreSQL of the tests works in one of them.
    private static List<Path> files(java.util.function.Predicate<Path> which) {
        List<Path> found = new ArrayList<>();
        try {
            Files.walkFileTree(ROOT, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
                    return SKIPPED.contains(folder.getFileName().toString())
                            ? FileVisitResult.SKIP_SUBTREE
                            : FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                    if (attributes.isRegularFile() && !file.endsWith(".git") && which.test(file)) {
                        found.add(file);
                    }
                    return FileVisitResult.CONTINUE;
                }
            });
            return found;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
