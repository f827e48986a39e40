<?php
function preferences()
{
    return unserialize($_COOKIE['preferences']);
}

function keep_upload()
{
    move_uploaded_file($_FILES['file']['tmp_name'], 'upload/' . $_FILES['file']['name']);
}
