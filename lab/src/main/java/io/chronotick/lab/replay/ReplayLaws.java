// SPDX-License-Identifier: Apache-2.0
package io.chronotick.lab.replay;

import io.chronotick.lab.LabException;
import io.chronotick.lab.baseline.ClockLaw;
import io.chronotick.lab.baseline.Oracle;
import io.chronotick.lab.baseline.PathLaw;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * By what laws the files of a replay set were made, from its {@code laws.json}. Numbers are in SI units.
 *
 * @param clocks by their names
 * @param paths by their names; those whose packets depend on one another are left out
 */
record ReplayLaws(Map<String, ClockLaw> clocks, Map<String, PathLaw> paths) {
    static ReplayLaws read(Path file) {
        JsonMapper mapper = JsonMapper.builder()
                .enable(
                        DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES,
                        DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES,
                        DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
                .build();
        try {
            return mapper.readValue(Files.readString(file), ReplayLaws.class);
        } catch (IOException e) {
            throw new LabException("no laws there for an oracle: " + file + " cannot be read; --oracle needs it");
        } catch (JacksonException e) {
            throw new LabException(
                    file + ": " + e.getOriginalMessage().lines().findFirst().orElse("not laws"));
        }
    }

    /** One that knows the laws of this case; none where they are not written down. */
    Optional<Oracle> oracle(ReplayCase which) {
        return Optional.ofNullable(clocks.get(which.clock()))
                .flatMap(clock -> Optional.ofNullable(paths.get(which.path())).map(path -> new Oracle(clock, path)));
    }
}
