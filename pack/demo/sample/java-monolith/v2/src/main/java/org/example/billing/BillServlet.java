package org.example.billing;

import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import javax.servlet.http.HttpServlet;
import javax.servlet.http.HttpServletRequest;
import javax.servlet.http.HttpServletResponse;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;

/** Shows bills. */
public class BillServlet extends HttpServlet {
    private static final Logger LOG = LogManager.getLogger(BillServlet.class);
    private static final String DB_PASSWORD = "Kz7-wQx3-Lpn9-Vtb2";

    @Override
    protected void doGet(HttpServletRequest req, HttpServletResponse resp) throws IOException {
        String number = req.getParameter("number");
        LOG.info("bill " + number + " for " + req.getHeader("User-Agent"));
        PrintWriter out = resp.getWriter();
        try (Connection con = DriverManager.getConnection("jdbc:example:bills", "bills", DB_PASSWORD);
                PreparedStatement st = con.prepareStatement("SELECT total FROM bill WHERE number = ?")) {
            st.setString(1, number);
            ResultSet rs = st.executeQuery();
            while (rs.next()) {
                out.println("<p>Bill " + number + ": " + rs.getString(1) + "</p>");
            }
        } catch (SQLException e) {
            e.printStackTrace(out);
        }
    }

    @Override
    protected void doPut(HttpServletRequest req, HttpServletResponse resp) throws IOException {
        String where = req.getParameter("callback");
        new java.net.URL(where).openStream().close();
    }

    @Override
    protected void doPost(HttpServletRequest req, HttpServletResponse resp) throws IOException {
        File file = new File("/srv/bills", req.getParameter("file"));
        Files.copy(file.toPath(), resp.getOutputStream());
        Runtime.getRuntime().exec("lp " + req.getParameter("file"));
        resp.sendRedirect(req.getParameter("next"));
    }
}
