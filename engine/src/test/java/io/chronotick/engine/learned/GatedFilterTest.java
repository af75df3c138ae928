// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.learned;

import static io.chronotick.engine.VirtualWorld.SECOND;
import static org.assertj.core.api.Assertions.assertThat;

import io.chronotick.engine.EngineConfig;
import io.chronotick.engine.EstimatorOptions;
import io.chronotick.engine.VirtualWorld;
import io.chronotick.engine.forecast.Forecast;
import io.chronotick.engine.forecast.ForecasterReport;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** The learned filter in a real engine: what may go wrong, and that it does no harm. */
class GatedFilterTest {
    private static VirtualWorld world(long seed, Optional<FilterWeights> weights, int servers, double poll) {
        EstimatorOptions options = EstimatorOptions.DEFAULT.withFilter(weights, true);
        VirtualWorld world = new VirtualWorld(EngineConfig.DEFAULT, options, 20, seed);
        world.wander(1e-9, 20_000, seed + 9);
        for (int i = 0; i < servers; i++) {
            world.addServer(poll);
        }
        return world;
    }

    private static Forecast learned(VirtualWorld world) {
        return world.engine.forecasts(world.rawNanos()).stream()
                .filter(forecast -> forecast.forecaster() == Forecast.Forecaster.LEARNED)
                .findFirst()
                .orElseThrow();
    }

    /** Largest error from now on until then, s. */
    private static double worst(VirtualWorld world, long seconds) {
        double[] worst = {0};
        world.runUntil(
                world.rawNanos() + seconds * SECOND,
                (w, c) -> worst[0] = Math.max(worst[0], Math.abs(w.error()) * 1e-9));
        return worst[0];
    }

    /** In five worlds in which it is heard, the fusion is no worse than the bank alone, whatever happens. */
    private static void holdsAgainstTheBank(int servers, long seconds, Consumer<VirtualWorld> mishap) {
        double alone = 0;
        double fused = 0;
        int worlds = 0;
        for (long seed = 1; worlds < 5; seed++) {
            assertThat(seed).as("worlds looked at").isLessThan(25);
            VirtualWorld both = world(seed, Optional.of(NeuralKalmanFilterTest.weights()), servers, 16);
            both.runUntil(2000 * SECOND);
            if (learned(both).weight() == 0) {
                continue;
            }
            worlds++;
            VirtualWorld bank = world(seed, Optional.empty(), servers, 16);
            bank.runUntil(2000 * SECOND);
            mishap.accept(bank);
            mishap.accept(both);
            alone += worst(bank, seconds);
            fused += worst(both, seconds);
        }
        // Mean worst error; a tenth and 20 us are left to chance.
        assertThat(fused / 5).isLessThan(1.1 * alone / 5 + 20e-6);
    }

    /** The next exchange, and no other, is off by so much. */
    private static void lieOnce(VirtualWorld world, double seconds) {
        VirtualWorld.VirtualServer server = world.servers.get(0);
        server.lieSeconds = seconds;
        int before = server.requests;
        while (server.requests == before) {
            world.runUntil(world.rawNanos() + SECOND / 10);
        }
        server.lieSeconds = 0;
    }

    @Test
    void oneBadSampleDoesNotEnter() {
        holdsAgainstTheBank(1, 600, world -> lieOnce(world, 0.1));
    }

    /** Too small to contradict the hard bound, which is as wide as the delay. */
    @Test
    void badSampleInsideTheBoundDoesNotEnter() {
        holdsAgainstTheBank(1, 600, world -> lieOnce(world, 0.0009));
    }

    @Test
    void phaseStepIsFollowedByBoth() {
        holdsAgainstTheBank(1, 600, world -> {
            java.util.function.LongUnaryOperator before = world.truth;
            world.truth = raw -> before.applyAsLong(raw) + SECOND / 10;
        });
    }

    @Test
    void serverThatTurnsLiarIsNotFollowed() {
        holdsAgainstTheBank(4, 600, world -> world.servers.get(1).lieSeconds = 0.05);
    }

    @Test
    void outageIsBridged() {
        holdsAgainstTheBank(1, 3600, world -> world.servers.get(0).down = true);
    }

    @Test
    void exchangesMayBecomeTenTimesRarerAndFrequentAgain() {
        holdsAgainstTheBank(1, 6400, world -> world.servers.get(0).answersOneOf = 10);
        holdsAgainstTheBank(1, 1600, world -> {
            world.servers.get(0).answersOneOf = 10;
            world.runUntil(world.rawNanos() + 6400 * SECOND);
            world.servers.get(0).answersOneOf = 1;
        });
    }

    /** It was judged one poll ahead: an hour ahead the bank speaks alone. */
    @Test
    void opinionIsNotHeardBeyondWhatItWasJudgedFor() {
        long seed = 0;
        VirtualWorld both;
        do {
            both = world(++seed, Optional.of(NeuralKalmanFilterTest.weights()), 1, 16);
            both.runUntil(2000 * SECOND);
        } while (learned(both).weight() == 0 && seed < 5);
        VirtualWorld bank = world(seed, Optional.empty(), 1, 16);
        bank.runUntil(2000 * SECOND);
        assertThat(both.correction().utcNanos()).isNotEqualTo(bank.correction().utcNanos());
        bank.servers.get(0).down = true;
        both.servers.get(0).down = true;
        bank.runUntil(2100 * SECOND);
        both.runUntil(2100 * SECOND);
        assertThat(both.correction().utcNanos()).isEqualTo(bank.correction().utcNanos());
    }

    /** A network that is always wrong by two scales of the queues loses its say, and the published time is the bank's. */
    @Test
    void opinionThatLosesIsNotHeard() {
        FilterWeights lying = with("outputs.bias", 1, 100);
        VirtualWorld bank = world(3, Optional.empty(), 1, 4);
        VirtualWorld both = world(3, Optional.of(lying), 1, 4);
        bank.runUntil(4000 * SECOND);
        both.runUntil(4000 * SECOND);
        assertThat(learned(both).weight()).isZero();
        ForecasterReport report = both.engine.forecasterReports().get(0);
        assertThat(report.state()).isEqualTo(ForecasterReport.State.QUARANTINED);
        assertThat(report.quarantines()).isPositive();
        assertThat(report.judged()).isGreaterThan(30);
        assertThat(report.missed()).isBetween(0.0, 1.0);
        assertThat(both.correction()).isEqualTo(bank.correction());
    }

    /** Numbers that are none end in quarantine, too. */
    @Test
    void overflowIsNotHeard() {
        FilterWeights broken = with("inputs.bias", 0, 1e38f);
        VirtualWorld bank = world(4, Optional.empty(), 1, 4);
        VirtualWorld both = world(4, Optional.of(broken), 1, 4);
        bank.runUntil(2000 * SECOND);
        both.runUntil(2000 * SECOND, (w, c) -> assertThat(c.sdAt(w.rawNanos())).isFinite());
        assertThat(Math.abs(both.error())).isLessThan(Math.abs(bank.error()) + 200_000);
    }

    /** The shipped weights with one value changed and the checksum of that. */
    private static FilterWeights with(String tensor, int index, float value) {
        byte[] file = NeuralKalmanFilterTest.weightsFile();
        ByteBuffer bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        int length = (int) bytes.getLong(0);
        String header = new String(file, 8, length, StandardCharsets.US_ASCII);
        String offsets = "\"data_offsets\":[";
        int at = header.indexOf(offsets, header.indexOf("\"" + tensor + "\"")) + offsets.length();
        int start = Integer.parseInt(header.substring(at, header.indexOf(',', at)));
        bytes.putFloat(8 + length + start + 4 * index, value);
        long hash = 0xcbf29ce484222325L;
        for (int i = 8 + length; i < file.length; i++) {
            hash = (hash ^ (file[i] & 0xff)) * 0x100000001b3L;
        }
        String sum = "\"fnv1a64\":\"";
        int sumAt = header.indexOf(sum) + sum.length();
        byte[] renewed = (header.substring(0, sumAt)
                        + Long.toHexString(hash)
                        + header.substring(header.indexOf('"', sumAt)))
                .getBytes(StandardCharsets.US_ASCII);
        ByteBuffer out = ByteBuffer.allocate(8 + renewed.length + file.length - 8 - length)
                .order(ByteOrder.LITTLE_ENDIAN);
        out.putLong(renewed.length).put(renewed).put(Arrays.copyOfRange(file, 8 + length, file.length));
        return FilterWeights.of(out.array());
    }
}
