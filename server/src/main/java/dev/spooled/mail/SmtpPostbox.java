package dev.spooled.mail;

import jakarta.mail.Authenticator;
import jakarta.mail.Message.RecipientType;
import jakarta.mail.MessagingException;
import jakarta.mail.PasswordAuthentication;
import jakarta.mail.Session;
import jakarta.mail.Transport;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeMessage;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Sends letters over SMTP, each on a thread of its own and a bounded number at once; one more, and one the server does
/// not take, is logged and lost. TLS is used when the server offers it, and insisted on before a password goes to
/// another machine.
public final class SmtpPostbox implements Postbox {
    private static final Logger log = LoggerFactory.getLogger(SmtpPostbox.class);
    private static final int AT_ONCE = 32;
    private static final String TIMEOUT_MS = "10000";

    /// For all of a letter: a server that says a little now and then would hold its place for ever.
    private static final Duration PATIENCE = Duration.ofMinutes(1);

    private static final Set<String> THIS_MACHINE = Set.of("localhost", "127.0.0.1", "[::1]");

    private final Session session;
    private final String from;
    private final Duration patience;
    private final Semaphore places = new Semaphore(AT_ONCE);

    /// `server` is `smtp://user:password@host:port` or `smtps://...`; user, password and port may be left out.
    public SmtpPostbox(URI server, String from) {
        this(server, from, PATIENCE);
    }

    public SmtpPostbox(URI server, String from, Duration patience) {
        this.from = from;
        this.patience = patience;
        String login = server.getRawUserInfo();
        boolean secure = server.getScheme().equals("smtps");
        Properties properties = new Properties();
        properties.put("mail.transport.protocol", "smtp");
        properties.put("mail.smtp.host", server.getHost());
        properties.put("mail.smtp.port", Integer.toString(port(server, secure)));
        properties.put("mail.smtp.ssl.enable", Boolean.toString(secure));
        properties.put("mail.smtp.ssl.checkserveridentity", "true");
        properties.put("mail.smtp.starttls.enable", "true");
        boolean needsTls = login != null && !secure && !THIS_MACHINE.contains(server.getHost());
        properties.put("mail.smtp.starttls.required", Boolean.toString(needsTls));
        properties.put("mail.smtp.auth", Boolean.toString(login != null));
        for (String timeout : new String[] {"connectiontimeout", "timeout", "writetimeout"}) {
            properties.put("mail.smtp." + timeout, TIMEOUT_MS);
        }
        session = Session.getInstance(properties, login == null ? null : authenticator(login));
    }

    @Override
    public void take(Letter letter) {
        if (!places.tryAcquire()) {
            log.warn("{} was lost: {} others are being sent", letter, AT_ONCE);
            return;
        }
        Thread sending = Thread.ofVirtual().name("mail").start(() -> {
            try {
                send(letter);
            } finally {
                places.release();
            }
        });
        Thread.ofVirtual().name("mail-alarm").start(() -> interruptLate(sending));
    }

    /// A virtual thread that is interrupted leaves whatever its socket waits for.
    private void interruptLate(Thread sending) {
        try {
            if (!sending.join(patience)) {
                sending.interrupt();
            }
        } catch (InterruptedException e) {
            sending.interrupt();
        }
    }

    private void send(Letter letter) {
        try {
            var message = new MimeMessage(session);
            message.setFrom(new InternetAddress(from, true));
            message.setRecipient(RecipientType.TO, new InternetAddress(letter.to(), true));
            message.setSubject(letter.subject(), StandardCharsets.UTF_8.name());
            message.setText(letter.text(), StandardCharsets.UTF_8.name());
            Transport.send(message);
        } catch (MessagingException e) {
            log.warn("{} could not be sent: {}", letter, e.getMessage());
        }
    }

    private static int port(URI server, boolean secure) {
        if (server.getPort() != -1) {
            return server.getPort();
        }
        return secure ? 465 : 587;
    }

    private static @Nullable Authenticator authenticator(String login) {
        String[] parts = login.split(":", 2);
        String user = URLDecoder.decode(parts[0], StandardCharsets.UTF_8);
        String password = URLDecoder.decode(parts.length == 2 ? parts[1] : "", StandardCharsets.UTF_8);
        return new Authenticator() {
            @Override
            protected PasswordAuthentication getPasswordAuthentication() {
                return new PasswordAuthentication(user, password);
            }
        };
    }
}
