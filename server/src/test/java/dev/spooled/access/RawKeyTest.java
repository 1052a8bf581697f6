package dev.spooled.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spooled.refusal.Refusal;
import dev.spooled.refusal.Refused;
import org.junit.jupiter.api.Test;

final class RawKeyTest {
    @Test
    void aMintedKeyHasItsShapeAndIsNeverPrinted() {
        RawKey key = RawKey.mint();
        assertThat(key.text()).matches("sk_live_[A-Za-z0-9_-]{43}");
        assertThat(key.shownPrefix()).hasSize(12);
        assertThat(key.toString()).doesNotContain(key.text());
        assertThat(RawKey.mint().text()).isNotEqualTo(key.text());
    }

    @Test
    void theOtherSpellingOfThePrefixIsTheSameKey() {
        String text = RawKey.mint().text();
        byte[] hash = RawKey.presented(text).hash();
        assertThat(RawKey.presented("sp_" + text.substring(3)).hash()).isEqualTo(hash);
        assertThat(RawKey.presented("sx_" + text.substring(3)).hash()).isNotEqualTo(hash);
    }

    @Test
    void bearerIsReadWhateverItsCase() {
        assertThat(Authenticate.bearer("bEaReR  abc ")).isEqualTo("abc");
        assertThatThrownBy(() -> Authenticate.bearer("Basic abc")).isInstanceOf(Refused.class);
    }

    @Test
    void theAdminKeyTellsItsFourRefusalsApart() {
        assertThat(kindOf(null, "x")).isEqualTo("admin_not_configured");
        assertThat(kindOf("secret", null)).isEqualTo("missing_admin_key");
        assertThat(kindOf("secret", "sécret")).isEqualTo("invalid_header");
        assertThat(kindOf("secret", "other")).isEqualTo("invalid_admin_key");
        new AdminKey("secret", entry -> {}).check("secret");
    }

    private static String kindOf(
            @org.jspecify.annotations.Nullable String key, @org.jspecify.annotations.Nullable String presented) {
        try {
            new AdminKey(key, entry -> {}).check(presented);
        } catch (Refused refused) {
            return ((Refusal.AdminOnly) refused.refusal()).kind();
        }
        throw new AssertionError("the key was taken");
    }
}
