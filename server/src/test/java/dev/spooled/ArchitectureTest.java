package dev.spooled;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// The direction of imports and what each package may know (docs/ARCHITECTURE.md, "Where things are").
class ArchitectureTest {
    /// Each package may import only packages of its own line and of lines above.
    private static final List<List<String>> LAYERS = List.of(
            List.of("refusal", "time", "announce", "proto.v1", "proto.batch.v1"),
            List.of("json", "outbound"),
            List.of("config"),
            List.of("db", "redis"),
            List.of("upkeep", "web", "mail", "bus", "moving"),
            List.of("engine"),
            List.of("cells"),
            List.of("access"),
            List.of("orgs", "audit"),
            List.of("login"),
            List.of("metrics"),
            List.of("jobs", "health"),
            List.of("queues", "workers", "workflows", "schedules", "ingestion", "billing", "dashboard", "admin"),
            List.of("live", "webhooks"),
            List.of("grpc"));

    /// Features that know nothing of each other.
    private static final List<String> APART = List.of("queues", "workers", "workflows", "schedules", "ingestion");

    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("dev.spooled");

    @Test
    void importsPointOneWay() {
        var later = new ArrayList<String>();
        for (List<String> layer : LAYERS.reversed()) {
            if (!later.isEmpty()) {
                noClasses()
                        .that()
                        .resideInAnyPackage(packages(layer))
                        .should()
                        .dependOnClassesThat()
                        .resideInAnyPackage(later.toArray(String[]::new))
                        .check(CLASSES);
            }
            later.addAll(List.of(packages(layer)));
        }
    }

    @Test
    void everyPackageHasItsPlace() {
        var placed = new ArrayList<String>(List.of("dev.spooled"));
        LAYERS.forEach(layer -> layer.forEach(name -> placed.add("dev.spooled." + name)));
        assertThat(CLASSES.stream().map(c -> c.getPackageName()).distinct()).isSubsetOf(placed);
    }

    @Test
    void featuresStandApart() {
        for (String feature : APART) {
            var others = new ArrayList<String>(APART);
            others.remove(feature);
            noClasses()
                    .that()
                    .resideInAPackage("dev.spooled." + feature)
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage(packages(others))
                    .check(CLASSES);
        }
    }

    @Test
    void packagesHaveNoCycles() {
        slices().matching("dev.spooled.(*)..").should().beFreeOfCycles().check(CLASSES);
    }

    @Test
    void onlyDoorsAndWhatStandsBeforeThemKnowTheHttpLibrary() {
        noClasses()
                .that()
                .resideOutsideOfPackage("dev.spooled.web..")
                .and()
                .haveNameNotMatching(".*Http(\\$.*)?|.*\\.(Authenticate|AdminKey)(\\$.*)?")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.helidon..")
                .check(CLASSES);
    }

    @Test
    void onlyTheGrpcDoorKnowsGrpc() {
        noClasses()
                .that()
                .resideOutsideOfPackages("dev.spooled.grpc..", "dev.spooled.proto..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.grpc..", "com.google.protobuf..", "dev.spooled.proto..")
                .check(CLASSES);
    }

    @Test
    void onlyItsPackageKnowsTheClientOfRedis() {
        noClasses()
                .that()
                .resideOutsideOfPackage("dev.spooled.redis..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.lettuce..")
                .check(CLASSES);
    }

    @Test
    void onlyTheDatabaseLayerTheLaneAndTheMoveKnowJdbc() {
        noClasses()
                .that()
                .resideOutsideOfPackages("dev.spooled.db..", "dev.spooled.engine..", "dev.spooled.moving..")
                .should()
                .dependOnClassesThat()
                .haveFullyQualifiedName("java.sql.Connection")
                .orShould()
                .dependOnClassesThat()
                .haveFullyQualifiedName("java.sql.PreparedStatement")
                .check(CLASSES);
    }

    @Test
    void nobodyReadsTheTimeOfDay() {
        noClasses()
                .that()
                .resideOutsideOfPackage("dev.spooled.time..")
                .should()
                .callMethod(System.class, "currentTimeMillis")
                .orShould()
                .callMethod(java.time.Instant.class, "now")
                .orShould()
                .callMethod(java.time.OffsetDateTime.class, "now")
                .orShould()
                .callMethod(java.time.LocalDate.class, "now")
                .check(CLASSES);
    }

    @Test
    void nobodySleeps() {
        noClasses().should().callMethod(Thread.class, "sleep", long.class).check(CLASSES);
    }

    @Test
    void namesSayWhatThingsAre() {
        noClasses()
                .should()
                .haveSimpleNameEndingWith("Manager")
                .orShould()
                .haveSimpleNameEndingWith("Helper")
                .orShould()
                .haveSimpleNameEndingWith("Util")
                .orShould()
                .haveSimpleNameEndingWith("Utils")
                .orShould()
                .haveSimpleNameEndingWith("Impl")
                .check(CLASSES);
    }

    /// A rule that nothing can break would be no rule: this one is broken on purpose.
    @Test
    void aBrokenRuleIsNoticed() {
        var rule = noClasses()
                .that()
                .resideInAPackage("..engine..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("..db..");
        assertThatThrownBy(() -> rule.check(CLASSES)).isInstanceOf(AssertionError.class);
    }

    private static String[] packages(List<String> names) {
        return names.stream().map(name -> "dev.spooled." + name + "..").toArray(String[]::new);
    }
}
