<?php
const DB_PASSWORD = 'Nq9-xLz4-Wvt7-Kbr2';

function find_person($name)
{
    $db = mysqli_connect('db', 'intranet', DB_PASSWORD, 'intranet');
    return mysqli_query($db, "SELECT * FROM person WHERE name = '" . $_POST['find'] . "'");
}

function check_password($given, $stored)
{
    return md5($given) == $stored;
}
