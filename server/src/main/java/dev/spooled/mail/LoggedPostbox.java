package dev.spooled.mail;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Writes letters into the log instead of sending them: for development without a mail server, never otherwise.
public final class LoggedPostbox implements Postbox {
    private static final Logger log = LoggerFactory.getLogger(LoggedPostbox.class);

    @Override
    public void take(Letter letter) {
        log.info("not sent to {}: {}: {}", letter.to(), letter.subject(), letter.text());
    }
}
