// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** The engine performs no input or output and reads no clock: what makes it deterministic. */
@AnalyzeClasses(packages = "io.chronotick.engine", importOptions = ImportOption.DoNotIncludeTests.class)
class WallsTest {
    @ArchTest
    static final ArchRule ENGINE_DEPENDS_ON_THE_LANGUAGE_ONLY = classes()
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
                    "org.jspecify.annotations");

    /** Of java.nio the engine uses buffers over byte arrays. */
    @ArchTest
    static final ArchRule ENGINE_TOUCHES_NO_THREAD = noClasses()
            .should()
            .dependOnClassesThat()
            .belongToAnyOf(Thread.class, Runnable.class, Process.class, ProcessBuilder.class, Runtime.class);

    @ArchTest
    static final ArchRule ENGINE_READS_NO_CLOCK = noClasses()
            .should()
            .callMethod(System.class, "nanoTime")
            .orShould()
            .callMethod(System.class, "currentTimeMillis")
            .orShould()
            .callMethod(Math.class, "random");
}
