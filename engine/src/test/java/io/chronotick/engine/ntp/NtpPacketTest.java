// SPDX-License-Identifier: Apache-2.0
package io.chronotick.engine.ntp;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.chronotick.engine.EngineConfig;
import io.chronotick.engine.VirtualWorld;
import java.util.Arrays;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class NtpPacketTest {
    private static NtpPacket example() {
        return new NtpPacket(
                LeapIndicator.INSERT,
                4,
                NtpPacket.MODE_SERVER,
                2,
                6,
                -24,
                0.015625,
                0.03125,
                0x7F000001,
                new NtpTimestamp(1),
                new NtpTimestamp(0x8000_0000_0000_0002L),
                new NtpTimestamp(3),
                new NtpTimestamp(-4));
    }

    @Test
    void shouldComeBackFromItsBytes() {
        byte[] bytes = example().toBytes();
        assertThat(bytes).hasSize(48);
        // RFC 5905, figure 8: leap 1, version 4, mode 4.
        assertThat(bytes[0]).isEqualTo((byte) 0b01_100_100);
        assertThat(NtpPacket.parse(bytes, bytes.length)).contains(example());
    }

    @Test
    void shouldTellServersNothingButACookie() {
        byte[] bytes = NtpPacket.request(new NtpTimestamp(0x0102030405060708L)).toBytes();
        byte[] expected = new byte[48];
        expected[0] = 0b00_100_011;
        for (int i = 0; i < 8; i++) {
            expected[40 + i] = (byte) (i + 1);
        }
        assertThat(bytes).isEqualTo(expected);
    }

    @Test
    void shouldRefuseShortPacketsAndOtherVersions() {
        byte[] bytes = example().toBytes();
        for (int length = 0; length < 48; length++) {
            assertThat(NtpPacket.parse(bytes, length)).isEmpty();
            assertThat(NtpPacket.parse(Arrays.copyOf(bytes, length), 48)).isEmpty();
        }
        for (int version = 0; version < 8; version++) {
            bytes[0] = (byte) (version << 3 | 4);
            assertThat(NtpPacket.parse(bytes, 48).isPresent()).isEqualTo(version == 3 || version == 4);
        }
    }

    @Test
    void shouldReadKissCodes() {
        byte[] bytes = example().toBytes();
        bytes[1] = 0;
        System.arraycopy(new byte[] {'R', 'A', 'T', 'E'}, 0, bytes, 12, 4);
        assertThat(NtpPacket.parse(bytes, 48).orElseThrow().kissCode()).isEqualTo("RATE");
        bytes[12] = 0x1B;
        assertThat(NtpPacket.parse(bytes, 48).orElseThrow().kissCode()).isEqualTo("?ATE");
    }

    @Test
    void shouldWriteBackWhateverItRead() {
        Random random = new Random(5);
        byte[] bytes = new byte[48];
        for (int i = 0; i < 100_000; i++) {
            random.nextBytes(bytes);
            Optional<NtpPacket> packet = NtpPacket.parse(bytes, 48);
            packet.ifPresent(p -> assertThat(p.toBytes()).isEqualTo(bytes));
        }
    }

    /** Whatever arrives, the parser answers, and what it calls a packet survives the engine's checks. */
    @FuzzTest
    void fuzzDatagram(byte[] data) {
        Optional<NtpPacket> packet = NtpPacket.parse(data, data.length);
        packet.ifPresent(p -> assertThat(NtpPacket.parse(p.toBytes(), 48)).contains(p));
        VirtualWorld world = new VirtualWorld(EngineConfig.DEFAULT, 0, 1);
        world.addServer(10);
        world.runUntil(VirtualWorld.SECOND / 100);
        world.inject(0, data);
        world.runUntil(VirtualWorld.SECOND);
    }
}
