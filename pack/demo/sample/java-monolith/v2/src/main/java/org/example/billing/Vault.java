package org.example.billing;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.ObjectInputStream;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import javax.crypto.Cipher;
import javax.crypto.spec.SecretKeySpec;
import javax.xml.parsers.DocumentBuilderFactory;
import org.w3c.dom.Document;

/** Keeps card numbers. */
public final class Vault {
    private static final byte[] KEY = "16bytes-long-key".getBytes();

    private Vault() {
    }

    public static byte[] hide(byte[] plain) throws GeneralSecurityException {
        Cipher c = Cipher.getInstance("AES/ECB/PKCS5Padding");
        c.init(Cipher.ENCRYPT_MODE, new SecretKeySpec(KEY, "AES"));
        return c.doFinal(plain);
    }

    public static byte[] mark(byte[] data) throws GeneralSecurityException {
        return MessageDigest.getInstance("SHA-256").digest(data);
    }

    public static Object restore(byte[] blob) throws IOException, ClassNotFoundException {
        return new ObjectInputStream(new ByteArrayInputStream(blob)).readObject();
    }

    public static Document parse(InputStream in) throws Exception {
        return DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(in);
    }

    public static String ticket() {
        return Long.toHexString(new SecureRandom().nextLong());
    }
}
