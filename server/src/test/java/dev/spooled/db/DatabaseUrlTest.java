package dev.spooled.db;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spooled.config.CannotStart;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DatabaseUrlTest {
    @ParameterizedTest
    @CsvSource({
        "postgres://u:p@h:5433/d, jdbc:postgresql://h:5433/d, u, p",
        "postgresql://u:p@h/d, jdbc:postgresql://h/d, u, p",
        "postgres://u:p%40%2Fq+r@h/d?sslmode=require, jdbc:postgresql://h/d?sslmode=require, u, p@/q+r",
        "postgres://u:p@q@h/d, jdbc:postgresql://h/d, u, p@q",
        "postgres://u:p@[::1]:5432/d, jdbc:postgresql://[::1]:5432/d, u, p",
        "'postgres://u:p@h1:1,h2:2/d', 'jdbc:postgresql://h1:1,h2:2/d', u, p",
        "postgres://u:p@h, jdbc:postgresql://h/u, u, p",
        "jdbc:postgresql://h:1/d?user=u&password=p&sslmode=verify-full, jdbc:postgresql://h:1/d?sslmode=verify-full, u, p",
        "postgres://u@h/d, jdbc:postgresql://h/d, u, ''"
    })
    void formsThatPeopleWrite(String url, String jdbcUrl, String user, String password) {
        assertThat(DatabaseUrl.parse(url)).isEqualTo(new DbAddress(jdbcUrl, user, password));
    }

    @ParameterizedTest
    @CsvSource({
        "mysql://u:hush@h/d, not of the form",
        "postgres://h/d, names no user",
        "postgres://u:hush@h/d?options=-csearch_path%3Dx, sets options",
        "postgres://u:hush%zz@h/d, hexadecimal"
    })
    void formsThatCannotBeMeant(String url, String message) {
        assertThatThrownBy(() -> DatabaseUrl.parse(url))
                .isInstanceOf(CannotStart.class)
                .hasMessageContaining(message)
                .hasMessageNotContaining("hush");
    }

    @Test
    void thePasswordIsNotPrinted() {
        assertThat(DatabaseUrl.parse("postgres://u:hush@h/d").toString()).doesNotContain("hush");
    }
}
