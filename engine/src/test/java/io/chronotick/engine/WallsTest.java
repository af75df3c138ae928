// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.library.Architectures;
import com.tngtech.archunit.library.dependencies.SlicesRuleDefinition;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The engine performs no input or output and reads no clock: what makes it deterministic. Its packages stand in one order. */
class WallsTest {
    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("io.chronotick.engine");

    /** Each uses only those before it; the engine itself, which is all of them put together, comes last. */
    private static final List<String> PACKAGES =
            List.of("math", "nts", "ntp", "bound", "path", "forecast", "oscillator", "learned", "external");

    private static final String WIRING = "engine";

    @Test
    void aPackageUsesOnlyThoseBeforeIt() {
        Architectures.LayeredArchitecture order =
                Architectures.layeredArchitecture().consideringOnlyDependenciesInLayers();
        for (String name : PACKAGES) {
            order = order.layer(name).definedBy("io.chronotick.engine." + name);
        }
        order = order.layer(WIRING).definedBy("io.chronotick.engine");
        for (int i = 0; i < PACKAGES.size(); i++) {
            List<String> later = new ArrayList<>(PACKAGES.subList(i + 1, PACKAGES.size()));
            later.add(WIRING);
            order = order.whereLayer(PACKAGES.get(i)).mayOnlyBeAccessedByLayers(later.toArray(String[]::new));
        }
        order.whereLayer(WIRING)
                .mayNotBeAccessedByAnyLayer()
                .ensureAllClassesAreContainedInArchitecture()
                .check(CLASSES);
    }

    @Test
    void noPackagesGoInCircles() {
        SlicesRuleDefinition.slices()
                .matching("io.chronotick.engine.(*)")
                .should()
                .beFreeOfCycles()
                .check(CLASSES);
    }

    @Test
    void engineDependsOnTheLanguageOnly() {
        classes()
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(
                        "io.chronotick.engine..",
                        "java.lang",
                        "java.lang.invoke",
                        "java.lang.runtime",
                        "java.nio",
                        "java.nio.charset",
                        "java.security",
                        "java.util",
                        "java.util.function",
                        "java.util.random",
                        "java.util.stream",
                        "javax.crypto",
                        "javax.crypto.spec",
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
