// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** The lab stands on the engine alone, and the only time it knows is virtual. */
class WallsTest {
    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("io.chronotick.lab");

    @Test
    void labKnowsOfTheProjectTheEngineOnly() {
        classes()
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(
                        "io.chronotick.lab..",
                        "io.chronotick.engine..",
                        "java..",
                        "tools.jackson..",
                        "org.snakeyaml.engine..",
                        "org.knowm.xchart..",
                        "org.jspecify.annotations")
                .check(CLASSES);
    }

    @Test
    void labTouchesNoNetwork() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("java.net..", "javax.net..", "java.nio.channels..")
                .check(CLASSES);
    }

    @Test
    void labReadsNoClock() {
        noClasses()
                .should()
                .callMethod(System.class, "nanoTime")
                .orShould()
                .callMethod(System.class, "currentTimeMillis")
                .orShould()
                .callMethod(Math.class, "random")
                .check(CLASSES);
    }

    /** Results may be computed by several threads, pictures be drawn; what is judged may not notice. */
    @Test
    void onlyTheReportDraws() {
        noClasses()
                .that()
                .resideOutsideOfPackage("io.chronotick.lab.report")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("java.awt..", "org.knowm.xchart..")
                .check(CLASSES);
    }
}
