//! Reads the user, groups and validity period from an X.509 client certificate.

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

/// The fields of a client certificate from which an API server derives the user.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CertificateSubject {
    /// The common name, which is the user name.
    pub common_name: String,
    /// The organizations, which are the groups.
    pub organizations: Vec<String>,
    /// The start of the validity period, in seconds since 1970.
    pub not_before: i64,
    /// The end of the validity period, in seconds since 1970.
    pub not_after: i64,
}

/// The ASN.1 tags of the elements that are read.
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const OBJECT_IDENTIFIER: u8 = 0x06;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const VERSION: u8 = 0xa0;

const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
const ORGANIZATION: &[u8] = &[0x55, 0x04, 0x0a];

impl CertificateSubject {
    /// Reads the first certificate in a PEM file.
    pub fn read(pem: &[u8]) -> Option<Self> {
        let certificate = CertificateDer::from_pem_slice(pem).ok()?;
        Self::from_der(&certificate)
    }

    fn from_der(certificate: &[u8]) -> Option<Self> {
        let mut certificate = Der(certificate);
        let mut certificate = certificate.enter(SEQUENCE)?;
        let mut body = certificate.enter(SEQUENCE)?;
        body.skip_if(VERSION);
        // Serial number, signature algorithm, issuer.
        for _ in 0..3 {
            body.next()?;
        }
        let mut validity = body.enter(SEQUENCE)?;
        let (not_before, not_after) = (validity.time()?, validity.time()?);
        let mut read = Self { not_before, not_after, ..Self::default() };
        let mut subject = body.enter(SEQUENCE)?;
        while let Some(mut parts) = subject.enter(SET) {
            while let Some(mut part) = parts.enter(SEQUENCE) {
                let (OBJECT_IDENTIFIER, identifier) = part.next()? else { return None };
                let (_, value) = part.next()?;
                let value = String::from_utf8_lossy(value).into_owned();
                match identifier {
                    COMMON_NAME => read.common_name = value,
                    ORGANIZATION => read.organizations.push(value),
                    _ => {}
                }
            }
        }
        Some(read)
    }
}

/// The unread rest of a DER encoding.
struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    /// Takes the next element and returns its tag and content.
    fn next(&mut self) -> Option<(u8, &'a [u8])> {
        let (&tag, rest) = self.0.split_first()?;
        let (&first, mut rest) = rest.split_first()?;
        let length = if first < 0x80 {
            usize::from(first)
        } else {
            let (digits, after) = rest.split_at_checked(usize::from(first & 0x7f))?;
            rest = after;
            if digits.len() > 4 {
                return None;
            }
            digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit))
        };
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((tag, content))
    }

    /// Takes the next element if it has the given tag and returns a reader for its content.
    fn enter(&mut self, tag: u8) -> Option<Self> {
        if self.0.first() != Some(&tag) {
            return None;
        }
        self.next().map(|(_, content)| Self(content))
    }

    fn skip_if(&mut self, tag: u8) {
        if self.0.first() == Some(&tag) {
            self.next();
        }
    }

    fn time(&mut self) -> Option<i64> {
        let (tag, text) = self.next()?;
        let text = std::str::from_utf8(text).ok()?;
        let (year, rest) = match tag {
            UTC_TIME => {
                let (year, rest) = text.split_at_checked(2)?;
                let year: i64 = year.parse().ok()?;
                (if year < 50 { 2000 + year } else { 1900 + year }, rest)
            }
            GENERALIZED_TIME => {
                let (year, rest) = text.split_at_checked(4)?;
                (year.parse().ok()?, rest)
            }
            _ => return None,
        };
        let part = |start: usize| rest.get(start..start + 2)?.parse::<i64>().ok();
        let (month, day) = (part(0)?, part(2)?);
        let (hour, minute, second) = (part(4)?, part(6)?, part(8)?);
        Some(days_since_1970(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second)
    }
}

/// Counts days in the Gregorian calendar. Years start in March so that the leap day comes last.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, DnType, KeyPair, date_time_ymd};

    use super::*;

    fn certificate(organizations: &[&str], until: i32) -> String {
        let mut parameters = CertificateParams::new([]).unwrap();
        parameters.distinguished_name = rcgen::DistinguishedName::new();
        parameters.distinguished_name.push(DnType::CommonName, "jane");
        for organization in organizations {
            parameters.distinguished_name.push(DnType::OrganizationName, *organization);
        }
        parameters.not_before = date_time_ymd(2024, 2, 29);
        parameters.not_after = date_time_ymd(until, 3, 1);
        parameters.self_signed(&KeyPair::generate().unwrap()).unwrap().pem()
    }

    #[test]
    fn a_certificate_contains_user_groups_and_validity() {
        let expected = CertificateSubject {
            common_name: "jane".to_owned(),
            organizations: vec!["devs".to_owned()],
            not_before: 1_709_164_800,
            not_after: 1_740_787_200,
        };
        assert_eq!(
            CertificateSubject::read(certificate(&["devs"], 2025).as_bytes()),
            Some(expected)
        );
        // Years after 2049 use GeneralizedTime.
        let late = CertificateSubject::read(certificate(&[], 2100).as_bytes()).unwrap();
        assert_eq!((late.organizations, late.not_after), (vec![], 4_107_542_400));
    }

    #[test]
    fn invalid_certificates_have_no_subject() {
        assert_eq!(CertificateSubject::read(b""), None);
        assert_eq!(
            CertificateSubject::read(
                b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"
            ),
            None
        );
        let whole = certificate(&["devs"], 2025);
        let whole = CertificateDer::from_pem_slice(whole.as_bytes()).unwrap();
        for length in 0..whole.len() {
            let _ = CertificateSubject::from_der(&whole[..length]);
        }
    }
}
