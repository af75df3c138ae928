// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** The walls between the daemon's rooms. */
@AnalyzeClasses(packages = "io.chronotick", importOptions = ImportOption.DoNotIncludeTests.class)
class WallsTest {
    @ArchTest
    static final ArchRule CLIENT_AND_ENGINE_KNOW_NEITHER_EACH_OTHER_NOR_THE_DAEMON = noClasses()
            .that()
            .resideInAnyPackage("io.chronotick.client..", "io.chronotick.engine..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("io.chronotick.daemon..");

    @ArchTest
    static final ArchRule ENGINE_KNOWS_NO_CLIENT = noClasses()
            .that()
            .resideInAPackage("io.chronotick.engine..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("io.chronotick.client..");

    @ArchTest
    static final ArchRule CLIENT_KNOWS_NO_ENGINE = noClasses()
            .that()
            .resideInAPackage("io.chronotick.client..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("io.chronotick.engine..");

    /** Only the shell itself brings clocks, network, segment and configuration together. */
    @ArchTest
    static final ArchRule ROOMS_OF_THE_DAEMON_HAVE_NO_CYCLES =
            slices().matching("io.chronotick.daemon.(*)..").should().beFreeOfCycles();

    @ArchTest
    static final ArchRule ONLY_CONFIG_READS_YAML = noClasses()
            .that()
            .resideOutsideOfPackage("io.chronotick.daemon.config..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("org.snakeyaml..");
}
