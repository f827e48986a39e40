<?php
require 'lib/db.php';
require 'lib/files.php';

$page = $_GET['page'] ?? 'home';
include 'pages/' . $page . '.php';

echo '<p>Hello ' . $_GET['name'] . '</p>';

if (isset($_POST['find'])) {
    foreach (find_person($_POST['find']) as $row) {
        echo '<li>' . htmlspecialchars($row['name']) . '</li>';
    }
}

if (isset($_GET['host'])) {
    echo '<pre>' . shell_exec('ping -c 1 ' . $_GET['host']) . '</pre>';
}
