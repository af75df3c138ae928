// SPDX-License-Identifier: Apache-2.0
package example;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import org.springframework.boot.CommandLineRunner;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;

/** Asks the application's clock, as any bean may, and says how far it is from the system clock; nothing here names ChronoTick. */
@SpringBootApplication
public class DatedOrders {
    public static void main(String[] arguments) {
        SpringApplication.run(DatedOrders.class, arguments);
    }

    @Bean
    CommandLineRunner order(Clock clock) {
        return arguments -> {
            Instant system = Instant.now();
            Instant now = clock.instant();
            System.out.println(
                    "ordered at " + now + ", system clock off by " + Duration.between(system, now).toMillis() + " ms");
        };
    }
}
