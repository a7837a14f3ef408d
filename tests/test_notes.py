"""History notes, validity marks, notices, banners and stubs are told from law, and read into fields."""

from datetime import date

import pytest

from kb.models import Act, Validity
from kb.read.notes import (
    ACT,
    ACTS,
    PRINTS,
    Form,
    cite_acts,
    is_history,
    is_notice,
    is_pending,
    is_repealed,
    is_stamp,
    read_acts,
    read_expiry,
    read_pending,
    read_term,
    read_validity,
    split_history,
)

# One note of every format in use, with the acts it names and the date each entry states.
NOTES = {
    "(Apr. 3, 2001, D.C. Law 13-5, § 12a; as added Nov. 13, 2021, D.C. Law 24-45, § 40, 68 DCR 010163.)": [
        ("D.C. Law 13-5", "2001-04-03"),
        ("D.C. Law 24-45", "2021-11-13"),
    ],
    "P.L. 1974, ch. 183, § 2; P.L. 2016, ch. 180, § 1.": [("P.L. 1974, ch. 183", ""), ("P.L. 2016, ch. 180", "")],
    "History of Section. P.L. 2021, ch. 37, § 3, effective June 2, 2021.": [("P.L. 2021, ch. 37", "2021-06-02")],
    "Acts 1967, ch. 99, § 14; 1971, ch. 5, § 1; T.C.A., § 52-928.": [("Acts 1967, ch. 99", ""), ("1971, ch. 5", "")],
    "[L 1996, c 268, pt of §2; am L 1997, c 280, §6]": [("L 1996, c 268", ""), ("L 1997, c 280", "")],
    "(Source: P.A. 97-334, eff. 1-1-12.)": [("P.A. 97-334", "2012-01-01")],
    "[ 2013 c 19 s 108; 1993 c 187 s 8.]": [("2013 c 19", ""), ("1993 c 187", "")],
    "Added by Laws 2017, c. 228, § 2, eff. Nov. 1, 2017. Amended by Laws 2021, c. 293, § 4.": [
        ("Laws 2017, c. 228", "2017-11-01"),
        ("Laws 2021, c. 293", ""),
    ],
    "[39 FR 22142, June 20, 1974, as amended at 79 FR 53565, Sept. 9, 2014]": [
        ("39 FR 22142", ""),
        ("79 FR 53565", ""),
    ],
    "Added by Acts 2017, 85th Leg., R.S., Ch. 485 (H.B. 2561), Sec. 6, eff. September 1, 2017.": [
        ("Acts 2017, 85th Leg., R.S., Ch. 485", "2017-09-01"),
    ],
    "1963, ch. 143, § 8, p. 406; am. 1974, ch. 18, § 179, p. 364.": [("1963, ch. 143", ""), ("1974, ch. 18", "")],
    "I.C., § 37-26, as added by 2001, ch. 178, § 5, p. 601.": [("2001, ch. 178", "")],
    "History. (§ 4 ch 166 SLA 1982; am § 25 ch 1 4SSLA 2017)": [("ch 166 SLA 1982", ""), ("ch 1 4SSLA 2017", "")],
    "(Acts 1971, No. 1407, p. 2378, §205.)": [("Acts 1971, No. 1407", "")],
    "16 Del. C. 1953, § 4711; 58 Del. Laws, c. 424, § 1": [("58 Del. Laws, c. 424", "")],
    "History.—s. 1, ch. 73-331; s. 2, ch. 2019-50.": [("ch. 73-331", ""), ("ch. 2019-50", "")],
    "As added by P.L.225-2003, SEC.8. Amended by P.L.63-2012, SEC.81.": [("P.L.225-2003", ""), ("P.L.63-2012", "")],
    "HISTORY: (39 Ky.R. 661; Am. 1660; eff. 3-4-2013; Crt eff. 1-15-2020.)": [
        ("39 Ky.R. 661", "2013-03-04"),
        ("Crt eff. 1-15-2020", "2020-01-15"),
    ],
    "HISTORICAL NOTE: Promulgated by the Board, LR 10:906 (November 1984).": [("LR 10:906", "")],
    "[PL 2015, c. 488, §9 (NEW).]": [("PL 2015, c. 488", "")],
    "History: Add. 2016, Act 359, Eff. Mar. 29, 2017 ;-- Am. 2017, Act 22, Imd. Eff. Mar. 31, 2017": [
        ("2016, Act 359", "2017-03-29"),
        ("2017, Act 22", "2017-03-31"),
    ],
    "(L. 1989 S.B. 215 & 58, A.L. 2014 S.B. 491)": [("L. 1989 S.B. 215 & 58", ""), ("A.L. 2014 S.B. 491", "")],
    "----------------- 195.003 8/28/2003 -----------------": [("195.003 8/28/2003", "2003-08-28")],
    "Source: Miss. Code Ann. §73-43-11 (1972, as amended).": [],
    "History: En. Sec. 4, Ch. 241, L. 2011; amd. Sec. 5, Ch. 89, L. 2019.": [
        ("Ch. 241, L. 2011", ""),
        ("Ch. 89, L. 2019", ""),
    ],
    "Laws 1977, LB 38, § 65; Laws 2021, LB236, § 4.": [("Laws 1977, LB 38", ""), ("Laws 2021, LB236", "")],
    "(Added to NRS by 2017, 4431; A 2019, 2138)": [("2017, 4431", ""), ("2019, 2138", "")],
    "Source. 2016, 2:6, eff. July 1, 2016.": [("2016, 2:6", "2016-07-01")],
    "#12113, Effective 2/22/2017, Expires 2/22/2027": [("12113", "2017-02-22")],
    "Effective: 6/28/2022. See: 54 N.J.R. 1555(b).": [("54 N.J.R. 1555", "2022-06-28")],
    "[16.19.20.41 NMAC - Rp 16.19.20.41 NMAC, 6/26/2018; A, 12/17/2019]": [
        ("16.19.20.41 NMAC", "2018-06-26"),
        ("A, 12/17/2019", "2019-12-17"),
    ],
    "(1971, c. 919, s. 1; 1993, c. 319, s. 5.)": [("1971, c. 919", ""), ("1993, c. 319", "")],
    "History Note: Authority G.S. 90-1; Eff. February 1, 1976; Amended Eff. July 1, 2010.": [
        ("Eff. February 1, 1976", "1976-02-01"),
        ("Amended Eff. July 1, 2010", "2010-07-01"),
    ],
    "Latest Legislation: House Bill 24 - 133rd General Assembly": [("House Bill 24", "")],
    "Prior Effective Dates: 2/19/2018, 3/22/2020": [("2/19/2018", "2018-02-19"), ("3/22/2020", "2020-03-22")],
    "Amended at 30 Ok Reg 547, eff 5-13-13": [("30 Ok Reg 547", "2013-05-13")],
    "BP 57-2024, amend filed 06/18/2024, effective 6/20/2024": [("BP 57-2024", "2024-06-20")],
    "The provisions of this § 16.1 amended May 21, 2004, effective May 22, 2004, 34 Pa.B. 2711.": [
        ("34 Pa.B. 2711", "2004-05-22"),
    ],
    "HISTORY: 2006 Act No. 396, Section 1, eff June 14, 2006.": [("2006 Act No. 396", "2006-06-14")],
    "Source: SL 2019, ch 156, § 1; SL 2020, ch 151, § 1.": [("SL 2019, ch 156", ""), ("SL 2020, ch 151", "")],
    "Amended by Chapter 329, 2023 General Session": [("Chapter 329, 2023 General Session", "")],
    "(Added 2005, No. 205 (Adj. Sess.), § 1.)": [("2005, No. 205", "")],
    "1970, c. 650; 2020, cc. 1164, 1165; 2023, c. 368.": [
        ("1970, c. 650", ""),
        ("2020, cc. 1164, 1165", ""),
        ("2023, c. 368", ""),
    ],
    "Derived from Virginia Register Volume 25, Issue 6, eff. January 1, 2009.": [
        ("Virginia Register Volume 25, Issue 6", "2009-01-01"),
    ],
    "[Statutory Authority: RCW 18.64.005. WSR 20-12-072, § 246-945-330, filed 6/1/20, effective 7/1/20.]": [
        ("WSR 20-12-072", "2020-07-01"),
    ],
    "History: 1971 c. 219; 1995 a. 448 ss. 221, 222": [("1971 c. 219", ""), ("1995 a. 448", "")],
    "(June 19, 1934, 48 Stat. 1143, ch. 672, ch. III, § 1.)": [("48 Stat. 1143, ch. 672", "1934-06-19")],
    "(Pub. L. 91–513, title II, § 202, Oct. 27, 1970, 84 Stat. 1247.)": [("Pub. L. 91–513", "1970-10-27")],
    "[Formerly 414.640; 2017 c.356 §34; 2012 c.8 §23 and 2015 c.792 §2]": [
        ("2017 c.356", ""),
        ("2012 c.8", ""),
        ("2015 c.792", ""),
    ],
    "(Amended by Stats. 2019, Ch. 497, Sec. 180. (AB 991) Effective January 1, 2020.)": [
        ("Stats. 2019, Ch. 497", "2020-01-01"),
    ],
    "(§ 2 ch 45 SLA 1982; am §§ 12, 14 ch 45 SLA 2003)": [("ch 45 SLA 1982", ""), ("ch 45 SLA 2003", "")],
    "Added by Act 2022-302,§ 1, eff. 7/11/2022.": [("Act 2022-302", "2022-07-11")],
    "(Acts 1986, No. 86-540, p. 1006, §1; Act 2001-971, 3rd Sp. Sess., p. 873, §1.)": [
        ("Acts 1986, No. 86-540", ""),
        ("Act 2001-971", ""),
    ],
    "Filed November 9, 1982. Amended effective January 21, 1998. Amended: Filed June 17, 2010; effective July 22, "
    "2010.": [
        ("November 9, 1982", "1982-11-09"),
        ("Amended effective January 21, 1998", "1998-01-21"),
        ("Amended: Filed June 17, 2010", "2010-07-22"),
    ],
    "Author: Board Statutory Authority: Code 1975, §34-24-53. History: Filed June 15, 1995; effective July 20, 1995.": [
        ("June 15, 1995", "1995-07-20")
    ],
    "HISTORY: Acts 1935, No. 148, §§ 1-4": [("Acts 1935, No. 148", "")],
    "Feb. 22, 2014, D.C. Law 20-66, § 2, 61 DCR 7": [("D.C. Law 20-66", "2014-02-22")],
    "(The Board; 8 EAC 5-5-19; filed Apr 24, 2008, 1:41 p.m.: 20080521-IR-844070842FRA; readopted Nov 25, 2014: "
    "20141224-IR-844140387RFA)": [
        ("20080521-IR-844070842FRA", "2008-04-24"),
        ("20141224-IR-844140387RFA", "2014-11-25"),
    ],
    "[C73, 75, 77, 79, 81, §204.207] C93, §124.207": [("C73, 75, 77, 79, 81, §204.207", ""), ("C93, §124.207", "")],
    "83 Acts, ch 101, §34; 2009 Acts, ch 41, §35": [("83 Acts, ch 101", ""), ("2009 Acts, ch 41", "")],
    "(Source: P.A. 102-490, eff. 1-1-24; 103-732, eff. 8-2-24.)": [
        ("P.A. 102-490", "2024-01-01"),
        ("103-732", "2024-08-02"),
    ],
    "HISTORY: (9 Ky.R. 903; eff. 3-2-1983; 42 Ky.R. 1234; 2022; eff. 3-4-2016; TAm eff. 8-9-2016.)": [
        ("9 Ky.R. 903", "1983-03-02"),
        ("42 Ky.R. 1234", "2016-03-04"),
        ("TAm eff. 8-9-2016", "2016-08-09"),
    ],
    "History: Created 1998 Ky. Acts ch. 301, sec. 5, effective July 15, 1998.": [
        ("1998 Ky. Acts ch. 301", "1998-07-15")
    ],
    "Acts 2016, No. 252, §1, eff. May 26, 2016.": [("Acts 2016, No. 252", "2016-05-26")],
    "HISTORICAL NOTE: Promulgated by the Board, LR 10:906 (November 1984), amended LR 12:430 (July 1986).": [
        ("LR 10:906", ""),
        ("LR 12:430", ""),
    ],
    "PL 1977, c. 696, §186 (RPR). PL 2011, c. 477, Pt. M, §1 (AMD).": [
        ("PL 1977, c. 696", ""),
        ("PL 2011, c. 477", ""),
    ],
    "[PL 1993, c. 600, Pt. A, §22 (RP).]": [("PL 1993, c. 600", "")],
    "(L. 1989 S.B. 215 & 58, A.L. 2014 S.B. 491 Effective 1-01-17)": [
        ("L. 1989 S.B. 215 & 58", ""),
        ("A.L. 2014 S.B. 491", "2017-01-01"),
    ],
    "(RSMo 1939 § 9832, A.L. 1957 p. 679, A.L. 1971 H.B. 69)": [("A.L. 1957 p. 679", ""), ("A.L. 1971 H.B. 69", "")],
    "Laws, 1971, ch. 521, § 14; Laws, 2011, ch. 466, § 1, eff from and after July 1, 2011.": [
        ("1971, ch. 521", ""),
        ("2011, ch. 466", "2011-07-01"),
    ],
    "Source Laws 1977, LB 38, § 65; Laws 2021, LB236, § 4. Operative date July 1, 2021.": [
        ("Laws 1977, LB 38", ""),
        ("Laws 2021, LB236", "2021-07-01"),
    ],
    "(Added to NRS by 1971, 2011; A 1973, 1217; 2015, 493, effective January 1, 2016)": [
        ("1971, 2011", ""),
        ("1973, 1217", ""),
        ("2015, 493", "2016-01-01"),
    ],
    "Source. #6014, eff 4-1-95; ss by #7694, eff 5-14-02; ss by #12113, eff 2-22-17": [
        ("6014", "1995-04-01"),
        ("7694", "2002-05-14"),
        ("12113", "2017-02-22"),
    ],
    "Amended by R.2022 d.085, effective June 28, 2022.": [("R.2022 d.085", "2022-06-28")],
    "Last Revision Date: 2/19/2019": [("2/19/2019", "2019-02-19")],
    "(1971, c. 919, s. 1; 2017-74, s. 6; 2023-65, s. 5.1.)": [("1971, c. 919", ""), ("2017-74", ""), ("2023-65", "")],
    "Five Year Review (FYR) Dates: 1/23/2026": [("1/23/2026", "2026-01-23")],
    "BP 5-2023, temporary amend filed 01/20/2023, effective 1/20/2023through 7/17/2023": [("BP 5-2023", "2023-01-20")],
    "Source The provisions of this § 27.1 adopted March 22, 1991, effective March 23, 1991, 21 Pa.B. 1212.": [
        ("21 Pa.B. 1212", "1991-03-23"),
    ],
    "Source: 2 SDR 4, effective July 31, 1975; 47 SDR 12, effective August 13, 2020.": [
        ("2 SDR 4", "1975-07-31"),
        ("47 SDR 12", "2020-08-13"),
    ],
    "General Authority: SDCL 36-4-35. Law Implemented: SDCL 36-4-35.": [],
    "Authority: T.C.A. § 63-7-123. Administrative History: Original rule filed March 15, 2000; effective May 29, 2000. "
    "Amendment filed August 17, 2005; effective October 31, 2005.": [
        ("March 15, 2000", "2000-05-29"),
        ("Amendment filed August 17, 2005", "2005-10-31"),
    ],
    "Acts 1947, ch. 9, § 1; Acts 1989, ch. 591, § 113.": [("Acts 1947, ch. 9", ""), ("Acts 1989, ch. 591", "")],
    "Source Note: The provisions of this §173.1 adopted to be effective January 9, 2025, 50 TexReg 376": [
        ("50 TexReg 376", "2025-01-09"),
    ],
    "Renumbered and Amended by Chapter 145, 2026 General Session": [("Chapter 145, 2026 General Session", "")],
    "(Added 1967, No. 343 (Adj. Sess.), § 1, eff. March 23, 1968; amended 2013, No. 75, § 11.)": [
        ("1967, No. 343", "1968-03-23"),
        ("2013, No. 75", ""),
    ],
    "Code 1950, § 54-524.84; 1970, c. 650; 2023, Sp. Sess. I, c. 1.": [
        ("1970, c. 650", ""),
        ("2023, Sp. Sess. I, c. 1", ""),
    ],
    "History: Effective January 1, 2018. General Authority: NDCC 43-12.1-08(1) Law Implemented: NDCC 43-12.1-08": [
        ("January 1, 2018", "2018-01-01"),
    ],
    "(Authorized by and implementing K.S.A. 65-28; effective May 1, 1987; amended April 5, 2019.)": [
        ("effective May 1, 1987", "1987-05-01"),
        ("amended April 5, 2019", "2019-04-05"),
    ],
    "Eff 10/1/98; am 12/30/13; comp 6/28/2021": [
        ("10/1/98", "1998-10-01"),
        ("am 12/30/13", "2013-12-30"),
        ("comp 6/28/2021", "2021-06-28"),
    ],
    "Original Rule entitled “Definitions” adopted. F. Apr. 17, 2013; eff. May 7, 2013.": [
        ("Apr. 17, 2013", "2013-05-07")
    ],
    "(2020 c.1; filed Apr 24, 2008, 1:41 p.m.: 20080521-IR-844070842FRA)": [
        ("2020 c.1", ""),
        ("20080521-IR-844070842FRA", "2008-04-24"),
    ],
}


@pytest.mark.parametrize("note", NOTES)
def test_a_history_note_of_any_format_is_known_as_one(note: str) -> None:
    assert is_history(note)


@pytest.mark.parametrize("note", NOTES)
def test_acts_are_read_with_the_date_their_own_entry_states(note: str) -> None:
    expected = tuple(Act(name, date.fromisoformat(day) if day else None) for name, day in NOTES[note])

    assert expected == read_acts(note)


@pytest.mark.parametrize(
    ("note", "cited"),
    [
        ("(June 3, 1997, D.C. Law 11-270, § 2(a), 43 DCR 44; revived D.C. Act 25-410, § 30.)",
         (("D.C. Law 11-270", "2"), ("D.C. Act 25-410", "30"))),
        ("[1987 c.1 §2; 2001 c.900 §121]", (("1987 c.1", "2"), ("2001 c.900", "121"))),
        ("P.L. 2016, ch. 180.", (("P.L. 2016, ch. 180", ""),)),
    ],
)  # fmt: skip
def test_the_section_of_an_act_is_read_from_its_own_entry(note: str, cited: tuple[tuple[str, str], ...]) -> None:
    assert cited == cite_acts(note)


@pytest.mark.parametrize("form", [*ACTS, *PRINTS], ids=lambda form: form.name)
def test_every_form_reads_its_own_example_whole(form: Form) -> None:
    found = ACT.search(f"{'#' * form.example.isdigit()}{form.example}{form.sequel}")

    assert found is not None
    assert form.example == found[0]


@pytest.mark.parametrize(
    "text",
    [
        "The board shall apply D.C. Law 24-45 to each licensee.",
        "Section 5 of D.C. Law 24-45 applies.",
        "Acts 2016, ch. 591, § 3 provided that the board is directed to report.",
        "P.L. 2005, ch. 93, § 1, enacted identical amendments to this section.",
        "(1) Acts 1935, ch. 5, § 3;",
        "Source: water that is drawn from a well shall be tested in 2020.",
        "History of 3 offenses.",
        "Mass. Ann. Laws ch. 94, § 156.",
        "[Repealed, § 44 ch 102 SLA 1980.]",
        "[Effective January 1, 2021.]",
        "May 3, 2023: D.C. Act 24-657",
        "Nov. 19, 2019, 8:41 AM UTC",
        "November 19, 2019, 8:41",
        "(a) A fee of $30.",
        "(iii)",
        "",
    ],
)
def test_law_stubs_marks_and_banners_are_no_history(text: str) -> None:
    assert not is_history(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The fee is $30. [2021 c.667 §2]", ("The fee is $30.", "[2021 c.667 §2]")),
        ("Fees [see § 3 below]. [1971 c.743 §164]", ("Fees [see § 3 below].", "[1971 c.743 §164]")),
        ("The fee [of $30] is due [at once]", ("The fee [of $30] is due [at once]", "")),
        ("[2021 c.667 §2]", ("[2021 c.667 §2]", "")),
        ("165.605 [Repealed by 1971 c.743 §432]", ("165.605 [Repealed by 1971 c.743 §432]", "")),
    ],
)
def test_a_trailing_history_note_is_parted_from_the_law(text: str, expected: tuple[str, str]) -> None:
    assert expected == split_history(text)


@pytest.mark.parametrize(
    ("text", "valid_from", "valid_to"),
    [
        ("Definitions. [Effective until January 1, 2023.]", None, date(2023, 1, 1)),
        ("Definitions. [Effective January 1, 2021.]", date(2021, 1, 1), None),
        ("§ 5-1. (Effective until July 1, 2027) Use of drugs", None, date(2027, 7, 1)),
        ("[Effective on July 1, 2016. See the version effective until July 1, 2016.]", date(2016, 7, 1), None),
        ("[Effective July 1, 2021; terminates July 1, 2025]", date(2021, 7, 1), date(2025, 7, 1)),
        ("NOTE: Subsection A eff. until Jan. 1, 2024", None, date(2024, 1, 1)),
        ("* NB Effective April 1, 2026", date(2026, 4, 1), None),
        ("(Superseded 07/01/19)", None, date(2019, 7, 1)),
        ("Effective 5/6/2026", date(2026, 5, 6), None),
        ("Effective: March 31, 2021", date(2021, 3, 31), None),
        ("effective 1/20/2023through 7/17/2023", date(2023, 1, 20), date(2023, 7, 18)),
        ("[Repealed January 1, 2022.] “medic” means a person", None, date(2022, 1, 1)),
    ],
)
def test_a_validity_mark_is_read_as_stated(text: str, valid_from: date | None, valid_to: date | None) -> None:
    assert Validity(valid_from, valid_to, "stated") == read_validity(text)


@pytest.mark.parametrize(
    "text",
    [
        "Effective January 1, 2020, the board shall issue a licence.",
        "The duty (effective January 1, 2020) is the board's.",
        "[Effective upon contingency]",
        "[L 1996, c 268, pt of §2]",
        "Effective Dates. Acts 2012, ch. 552, § 2. March 8, 2012.",
        "Definitions.",
    ],
)
def test_law_about_effect_is_no_validity_mark(text: str) -> None:
    assert read_validity(text) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("*NOTE: This was added by emergency legislation that will expire on January 23, 2023.*", date(2023, 1, 23)),
        ("This subsection expires August 31, 2023.", date(2023, 8, 31)),
        ("NOTE: The emergency rule expires on July 1, 2024.", date(2024, 7, 1)),
        ("Note: Adopted as a temporary regulation that will expire June 29, 2024.", date(2024, 6, 29)),
        ("Licenses required by this chapter shall expire on June 30, 1970.", None),
        ("*NOTE: This codification is not the most current.", None),
    ],
)
def test_the_end_of_temporary_law_is_read_from_its_notice(text: str, expected: date | None) -> None:
    assert expected == read_expiry(text)


@pytest.mark.parametrize(
    ("history", "term"),
    [
        (
            "BP 5-2023, temporary amend filed 01/20/2023, effective 1/20/2023through 7/17/2023",
            ("2023-01-20", "2023-07-18"),
        ),
        ("#12113, Effective 2/22/2017, Expires 2/22/2027", ("2017-02-22", "2027-02-22")),
        (
            "BP 7-2022, temporary adopt, effective 1/3/2022 through 7/1/2022; BP 5-2023, eff. 1/20/2023 to 7/18/2023",
            ("2023-01-20", "2023-07-18"),
        ),
        ("BP 9-2023, amend filed 3/1/2023, effective 3/1/2023; BP 5-2023, effective 1/20/2023 through 2/28/2023", None),
        ("BP 57-2024, amend filed 06/18/2024, effective 6/20/2024", None),
        ("A permit is effective 1/20/2023 through 7/17/2023 and shall be shown.", None),
    ],
)
def test_the_term_of_a_rule_is_that_of_its_latest_entry(history: str, term: tuple[str, str] | None) -> None:
    expected = Validity(*map(date.fromisoformat, term), "stated") if term else None

    assert expected == read_term(history)


@pytest.mark.parametrize(
    "text",
    [
        "Last Update: 7/18/24",
        "Last updated July 18, 2024 at 7:45 AM",
        "Current through Register Vol. 49, No. 20, October 15, 2024",
        "Text current as of January 02, 2024",
        "(Accessed Mar. 2026)",
        "Effective: March 31, 2021",
        "[Effective until 7/1/2025]",
        "* NB Effective April 1, 2026",
        "NOTE: Subsection A eff. until Jan. 1, 2024",
    ],
)
def test_a_stamp_says_only_when_a_text_was_set_or_applies(text: str) -> None:
    assert is_stamp(text)


@pytest.mark.parametrize(
    "text",
    [
        "This subsection expires August 31, 2023.",
        "This section is repealed January 1, 2030.",
        "Last year 20 kites were lost; the board shall find 2 of them.",
        "Current licenses expire in 2024 unless renewed; the fee is $5.",
        "Effective January 1, 2020, the board shall issue a licence.",
        "Text of 3 lines",
        "Page 3",
        "",
    ],
)
def test_law_about_time_is_no_stamp(text: str) -> None:
    assert not is_stamp(text)


@pytest.mark.parametrize(
    "text",
    [
        "*NOTE: temporary law",
        "NOTE: see below",
        "[NOTE: text]",
        "Note 2: text",
        "Editor's notes. --",
        "Cross References",
    ],
)
def test_a_notice_is_known_by_its_opening(text: str) -> None:
    assert is_notice(text)


@pytest.mark.parametrize(
    "text", ["Notes shall be kept.", "Note the time.", "(a) NOTE", "Cross references shall be made."]
)
def test_law_is_no_notice(text: str) -> None:
    assert not is_notice(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Pending Changes This section will be changed by these documents: May 3, 2023: D.C. Act 24-657",
            (date(2023, 5, 3), "D.C. Act 24-657"),
        ),
        ("May 3, 2023: D.C. Act 24-657", (date(2023, 5, 3), "D.C. Act 24-657")),
        ("This section is amended effective July 1, 2026. See House Bill 24.", (date(2026, 7, 1), "House Bill 24")),
        ("As amended by P.A. 97-334, effective on 1/1/2027, this reads:", (date(2027, 1, 1), "P.A. 97-334")),
        ("As amended by Initiative 65, effective July 1, 2026:", (date(2026, 7, 1), "Initiative 65")),
        ("This rule may be affected by an emergency rule.", (None, "")),
        ("There are pending amendments to this section.", (None, "")),
    ],
)
def test_a_pending_banner_tells_date_and_cause(text: str, expected: tuple[date | None, str]) -> None:
    assert is_pending(text)
    assert expected == read_pending(text)


@pytest.mark.parametrize(
    "text",
    [
        "This chapter is repealed effective July 1, 2030.",
        "This section was amended by three acts in 2016.",
        "A person whose rights may be affected by the order may appeal.",
        "Pending the appointment, the deputy shall serve.",
    ],
)
def test_law_and_history_are_no_pending_banner(text: str) -> None:
    assert not is_pending(text)


@pytest.mark.parametrize(
    "text",
    [
        "[Repealed]",
        "Repealed.",
        "(7) Repealed.",
        "53-9-113. [Repealed.]",
        "§329-38.2 REPEALED. L 2018, c 153, §4.",
        "Sec. 08.36.290. Fees. [Repealed, § 40 ch 53 SLA 2012.]",
        "Repealed by S.L. 2014, ch. 275, § 44, effective July 1, 2014.",
        "(2) (Deleted by amendment, L. 2003, p. 2248, § 145, effective July 1, 2004.)",
        "165.420 [Amended by 1961 c.261 §1; repealed by 1971 c.743 §432]",
        "21-28.8-2. Expired.",
    ],
)
def test_a_stub_proves_that_the_law_ended(text: str) -> None:
    assert is_repealed(text)


@pytest.mark.parametrize(
    "text",
    [
        "[Reserved]",
        "[Omitted]",
        "[Renumbered as AS 11.76.120.]",
        "Repealed Sections.",
        "Repealed acts are not revived.",
        "[Repealed January 1, 2022.] “medic” means a person",
        "A licence issued under a repealed law stands.",
        "Acts 1947, ch. 9, § 1; repealed by Acts 2017, ch. 150, § 6.",
    ],
)
def test_what_stands_elsewhere_or_still_applies_is_no_stub(text: str) -> None:
    assert not is_repealed(text)


@pytest.mark.parametrize(
    "seed",
    [
        "A. ",
        "(a)",
        "(x; filed 1/1/2020 ",
        "effective 1/1/2020 through ",
        "Last update 1",
        "[Effective ",
        "[2021 ",
        "P.L. ",
        "1 A",
        "§ 1-",
        "Repealed ",
        "No. 2, ",
    ],
)
def test_hostile_lines_are_read_to_the_end(seed: str) -> None:
    text = (seed * 4000)[:12_000] + "]"

    assert (False, False) == (is_pending(text), is_repealed(text))
    assert isinstance(read_acts(text), tuple)
    assert "".join(split_history(text)).replace(" ", "") == text.replace(" ", "")
