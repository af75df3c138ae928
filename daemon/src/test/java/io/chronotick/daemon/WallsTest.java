// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** The walls between the daemon's rooms. */
class WallsTest {
    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("io.chronotick");

    @Test
    void clientAndEngineKnowNeitherEachOtherNorTheDaemon() {
        noClasses()
                .that()
                .resideInAnyPackage("io.chronotick.client..", "io.chronotick.engine..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("io.chronotick.daemon..")
                .check(CLASSES);
    }

    @Test
    void engineKnowsNoClient() {
        noClasses()
                .that()
                .resideInAPackage("io.chronotick.engine..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("io.chronotick.client..")
                .check(CLASSES);
    }

    @Test
    void clientKnowsNoEngine() {
        noClasses()
                .that()
                .resideInAPackage("io.chronotick.client..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("io.chronotick.engine..")
                .check(CLASSES);
    }

    /** Only the shell itself brings clocks, network, segment and configuration together. */
    @Test
    void roomsOfTheDaemonHaveNoCycles() {
        slices().matching("io.chronotick.daemon.(*)..")
                .should()
                .beFreeOfCycles()
                .check(CLASSES);
    }

    @Test
    void onlyConfigReadsYaml() {
        noClasses()
                .that()
                .resideOutsideOfPackage("io.chronotick.daemon.config..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("org.snakeyaml..")
                .check(CLASSES);
    }
}
