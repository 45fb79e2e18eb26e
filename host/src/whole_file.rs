//! Files that are replaced as a whole.

use std::{
    ffi::OsString,
    fs::{self, OpenOptions},
    io::{BufWriter, Write},
    path::{Path, PathBuf},
};

use anyhow::Result;

/// Replaces a file: a reader has the old text or the new one, and after an error the old one stays. What is
/// no regular file, such as a pipe, is written to.
///
/// # Errors
/// When the text can't be written beside it, or the file can't be replaced.
pub(crate) fn replace(path: &Path, write: impl FnOnce(&mut dyn Write) -> Result<()>) -> Result<()> {
    // A link stays one. Standard output is named in /dev, and may be a file that is open already.
    let file = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let data = fs::metadata(&file);
    let is_open = path.starts_with("/dev") || path.starts_with("/proc");
    if is_open || data.as_ref().is_ok_and(|data| !data.is_file()) {
        return stream(OpenOptions::new().write(true).create(true).truncate(true), path, write);
    }
    let unfinished = unfinished_path(&file);
    let write_whole = || {
        // One that a killed process left.
        let _ = fs::remove_file(&unfinished);
        // It is made anew, so that no link is followed.
        stream(OpenOptions::new().write(true).create_new(true), &unfinished, write)?;
        if let Ok(old) = data {
            fs::set_permissions(&unfinished, old.permissions())?;
        }
        Ok(fs::rename(&unfinished, &file)?)
    };
    write_whole().inspect_err(|_| {
        let _ = fs::remove_file(&unfinished);
    })
}

/// Writes to a file that is opened in this way.
///
/// # Errors
/// When it can't be opened or written.
pub(crate) fn stream(
    options: &OpenOptions,
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> Result<()>,
) -> Result<()> {
    let mut file = BufWriter::new(options.open(path)?);
    write(&mut file)?;
    Ok(file.flush()?)
}

fn unfinished_path(file: &Path) -> PathBuf {
    let mut name = file.file_name().map_or_else(OsString::new, ToOwned::to_owned);
    name.push(".unfinished");
    file.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::symlink, path::Path};

    use super::unfinished_path;

    fn replace(path: &Path, text: &[u8]) -> anyhow::Result<()> {
        super::replace(path, |out| Ok(out.write_all(text)?))
    }

    #[test]
    fn a_link_stays_and_its_file_is_replaced() {
        let folder = std::env::temp_dir().join(format!("teeleak-whole-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let (file, link) = (folder.join("report"), folder.join("link"));
        fs::write(&file, "old").unwrap();
        symlink(&file, &link).unwrap();
        replace(&link, b"new").unwrap();
        assert!(link.is_symlink());
        assert_eq!(fs::read(&file).unwrap(), b"new");
        // Somebody else's link in the place of the new text is not followed.
        let precious = folder.join("precious");
        fs::write(&precious, "precious").unwrap();
        symlink(&precious, unfinished_path(&file)).unwrap();
        replace(&file, b"newer").unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"newer");
        assert_eq!(fs::read(&precious).unwrap(), b"precious");
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn the_old_text_stays_where_the_new_one_can_not_be_written() {
        let folder = std::env::temp_dir().join(format!("teeleak-kept-{}", std::process::id()));
        let blocked = unfinished_path(&folder.join("report"));
        fs::create_dir_all(blocked.join("full")).unwrap();
        fs::write(folder.join("report"), "old").unwrap();
        assert!(replace(&folder.join("report"), b"new").is_err());
        assert_eq!(fs::read(folder.join("report")).unwrap(), b"old");
        fs::remove_dir_all(&folder).unwrap();
    }
}
