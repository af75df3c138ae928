// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** cli.text is below cli.lab, and that below the rest. */
class WallsTest {
    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("io.chronotick.cli");

    @Test
    void textKnowsNoCommand() {
        noClasses()
                .that()
                .resideInAPackage("io.chronotick.cli.text")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "io.chronotick.cli",
                        "io.chronotick.cli.lab",
                        "io.chronotick.lab..",
                        "io.chronotick.engine..",
                        "io.chronotick.daemon..")
                .check(CLASSES);
    }

    @Test
    void labCommandsNeedNoDaemon() {
        noClasses()
                .that()
                .resideInAPackage("io.chronotick.cli.lab")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.chronotick.cli", "io.chronotick.daemon..")
                .check(CLASSES);
    }
}
