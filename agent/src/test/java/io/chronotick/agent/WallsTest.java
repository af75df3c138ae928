// SPDX-License-Identifier: Apache-2.0
package io.chronotick.agent;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

class WallsTest {
    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("io.chronotick.agent");

    /** Whoever has the tools in process brings the client along and nothing else. */
    @Test
    void shouldNeedTheClientAloneForTheTools() {
        classes()
                .that()
                .resideInAPackage("io.chronotick.agent")
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(
                        "io.chronotick.agent", "io.chronotick.client", "java..", "org.jspecify.annotations..")
                .check(CLASSES);
    }

    @Test
    void shouldKnowNothingOfTheDaemonInTheServer() {
        classes()
                .should()
                .onlyDependOnClassesThat()
                .resideOutsideOfPackages("io.chronotick.daemon..", "io.chronotick.engine..", "io.chronotick.cli..")
                .check(CLASSES);
    }
}
