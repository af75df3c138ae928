// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** The engine performs no input or output and reads no clock: what makes it deterministic. */
class WallsTest {
    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("io.chronotick.engine");

    @Test
    void engineDependsOnTheLanguageOnly() {
        classes()
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(
                        "io.chronotick.engine",
                        "java.lang",
                        "java.lang.invoke",
                        "java.lang.runtime",
                        "java.nio",
                        "java.util",
                        "java.util.function",
                        "java.util.random",
                        "java.util.stream",
                        "org.jspecify.annotations")
                .check(CLASSES);
    }

    /** Of java.nio the engine uses buffers over byte arrays. */
    @Test
    void engineTouchesNoThread() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .belongToAnyOf(Thread.class, Runnable.class, Process.class, ProcessBuilder.class, Runtime.class)
                .check(CLASSES);
    }

    @Test
    void engineReadsNoClock() {
        noClasses()
                .should()
                .callMethod(System.class, "nanoTime")
                .orShould()
                .callMethod(System.class, "currentTimeMillis")
                .orShould()
                .callMethod(Math.class, "random")
                .check(CLASSES);
    }
}
