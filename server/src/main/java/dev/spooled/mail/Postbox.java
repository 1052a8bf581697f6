package dev.spooled.mail;

/// Takes letters. Taking one does not wait for its delivery, so that nobody can tell from the time an answer takes
/// whether a letter went out.
public interface Postbox {
    void take(Letter letter);

    /// A plain text to one checked address.
    record Letter(String to, String subject, String text) {
        /// Without the text, which may hold a code.
        @Override
        public String toString() {
            return "letter '" + subject + "'";
        }
    }
}
