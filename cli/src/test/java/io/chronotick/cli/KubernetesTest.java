// SPDX-License-Identifier: Apache-2.0
package io.chronotick.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.Gson;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.kubernetes.client.openapi.models.V1DaemonSet;
import io.kubernetes.client.openapi.models.V1Namespace;
import io.kubernetes.client.openapi.models.V1NetworkPolicy;
import io.kubernetes.client.openapi.models.V1Pod;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/** The manifests for Kubernetes, against the models that its own client is generated with, which know every field. */
class KubernetesTest {
    private static final Path DIRECTORY = Path.of("..", "packaging", "kubernetes");
    private static final String EXAMPLE = "reader.yaml";

    private static JsonObject load(Path file) throws IOException {
        Object content = new Load(LoadSettings.builder().build()).loadFromString(Files.readString(file));
        return new Gson().toJsonTree(content).getAsJsonObject();
    }

    private static JsonObject load(String file) throws IOException {
        return load(DIRECTORY.resolve(file));
    }

    private static void validate(JsonElement manifest) throws IOException {
        String kind = manifest.getAsJsonObject().get("kind").getAsString();
        switch (kind) {
            case "Namespace" -> V1Namespace.validateJsonElement(manifest);
            case "DaemonSet" -> V1DaemonSet.validateJsonElement(manifest);
            case "NetworkPolicy" -> V1NetworkPolicy.validateJsonElement(manifest);
            case "Pod" -> V1Pod.validateJsonElement(manifest);
            default -> throw new AssertionError("no model for " + kind);
        }
    }

    private static List<String> strings(JsonElement array) {
        List<String> values = new ArrayList<>();
        array.getAsJsonArray().forEach(value -> values.add(value.getAsString()));
        return values;
    }

    private static JsonObject podOf(JsonObject manifest) {
        JsonObject spec = manifest.getAsJsonObject("spec");
        return spec.has("template") ? spec.getAsJsonObject("template").getAsJsonObject("spec") : spec;
    }

    private static JsonObject container(JsonObject manifest) {
        return podOf(manifest).getAsJsonArray("containers").get(0).getAsJsonObject();
    }

    @Test
    void shouldNameFieldsThatKubernetesKnows() throws IOException {
        JsonObject kustomization = load("kustomization.yaml");
        List<String> base = strings(kustomization.get("resources"));
        try (Stream<Path> files = Files.list(DIRECTORY)) {
            assertThat(files.map(file -> file.getFileName().toString()))
                    .containsExactlyInAnyOrderElementsOf(
                            Stream.concat(base.stream(), Stream.of("kustomization.yaml", "config.yaml", EXAMPLE))
                                    .collect(Collectors.toList()));
        }
        for (String file : base) {
            validate(load(file));
        }
        validate(load(EXAMPLE));
        JsonObject wrong = load("daemonset.yaml");
        container(wrong).addProperty("readOnlyRootFileSystem", true);
        assertThatThrownBy(() -> validate(wrong)).hasMessageContaining("readOnlyRootFileSystem");
    }

    @Test
    void shouldGiveNobodyMoreThanItNeeds() throws IOException {
        for (String file : List.of("daemonset.yaml", EXAMPLE)) {
            JsonObject manifest = load(file);
            JsonObject confinement = container(manifest).getAsJsonObject("securityContext");
            assertThat(confinement.get("readOnlyRootFilesystem").getAsBoolean()).isTrue();
            assertThat(confinement.get("allowPrivilegeEscalation").getAsBoolean())
                    .isFalse();
            assertThat(strings(confinement.getAsJsonObject("capabilities").get("drop")))
                    .containsExactly("ALL");
            assertThat(podOf(manifest).get("automountServiceAccountToken").getAsBoolean())
                    .isFalse();
            // A single file that is mounted goes stale when the daemon makes a new one.
            for (JsonElement mount : container(manifest).getAsJsonArray("volumeMounts")) {
                assertThat(mount.getAsJsonObject().has("subPath")).isFalse();
            }
            for (JsonElement volume : podOf(manifest).getAsJsonArray("volumes")) {
                JsonObject host = volume.getAsJsonObject().getAsJsonObject("hostPath");
                if (host != null) {
                    assertThat(host.get("type").getAsString()).startsWith("Directory");
                }
            }
        }
        assertThat(container(load(EXAMPLE))
                        .getAsJsonArray("volumeMounts")
                        .get(0)
                        .getAsJsonObject()
                        .get("readOnly")
                        .getAsBoolean())
                .isTrue();
    }

    /** Policy and set are about the same pods; the image is the one that is built. */
    @Test
    void shouldFitTogether() throws IOException {
        JsonObject set = load("daemonset.yaml").getAsJsonObject("spec");
        JsonObject labels =
                set.getAsJsonObject("template").getAsJsonObject("metadata").getAsJsonObject("labels");
        assertThat(set.getAsJsonObject("selector").getAsJsonObject("matchLabels"))
                .isEqualTo(labels);
        assertThat(load("networkpolicy.yaml")
                        .getAsJsonObject("spec")
                        .getAsJsonObject("podSelector")
                        .getAsJsonObject("matchLabels"))
                .isEqualTo(labels);
        String image = "ghcr.io/chronotick/chronotick:" + Packages.version();
        assertThat(container(load(EXAMPLE)).get("image").getAsString()).isEqualTo(image);
        JsonObject replacement =
                load("kustomization.yaml").getAsJsonArray("images").get(0).getAsJsonObject();
        assertThat(replacement.get("name"))
                .isEqualTo(container(load("daemonset.yaml")).get("image"));
        assertThat(replacement.get("newName").getAsString() + ":"
                        + replacement.get("newTag").getAsString())
                .isEqualTo(image);
        JsonObject compose = load(DIRECTORY.resolveSibling("oci").resolve("compose.yaml"));
        for (Map.Entry<String, JsonElement> service :
                compose.getAsJsonObject("services").entrySet()) {
            assertThat(service.getValue().getAsJsonObject().get("image").getAsString())
                    .isEqualTo(image);
        }
    }

    @Test
    void shouldConfigureADaemon() {
        TestShell shell = new TestShell();
        assertThat(shell.run("config", "check", DIRECTORY.resolve("config.yaml").toString()))
                .as(shell::err)
                .isZero();
        Path system = DIRECTORY.resolveSibling("linux").resolve("config.yaml");
        assertThat(shell.run("config", "check", Objects.requireNonNull(system).toString()))
                .as(shell::err)
                .isZero();
    }
}
