// SPDX-License-Identifier: Apache-2.0
package io.chronotick.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.module.Configuration;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleFinder;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The client on the module path; the other tests have it on the class path. */
class ClientModuleTest {
    private static final String NAME = "io.chronotick.client";

    @Test
    void shouldBeAModuleThatNeedsNothingButTheJdk() throws Exception {
        ModuleFinder finder = ModuleFinder.of(Path.of(ChronoTickReader.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .toURI()));
        ModuleDescriptor descriptor = finder.find(NAME).orElseThrow().descriptor();
        assertThat(descriptor.exports())
                .extracting(ModuleDescriptor.Exports::source)
                .containsExactly(NAME);
        assertThat(descriptor.requires())
                .filteredOn(needed -> !needed.modifiers().contains(ModuleDescriptor.Requires.Modifier.STATIC))
                .extracting(ModuleDescriptor.Requires::name)
                .containsExactly("java.base");

        Configuration configuration =
                ModuleLayer.boot().configuration().resolve(finder, ModuleFinder.of(), Set.of(NAME));
        Class<?> reader = ModuleLayer.boot()
                .defineModulesWithOneLoader(configuration, ClassLoader.getPlatformClassLoader())
                .findLoader(NAME)
                .loadClass(ChronoTickReader.class.getName());
        assertThat(reader.getModule().getName()).isEqualTo(NAME);
        assertThat(reader).isNotSameAs(ChronoTickReader.class);
        assertThat(reader.getMethod("defaultSegment").invoke(null)).isEqualTo(ChronoTickReader.defaultSegment());
    }
}
