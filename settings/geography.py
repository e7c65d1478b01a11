"""Codes of places: Cloudflare's load-balancing regions and data centres (PoPs), and ISO countries.

Where each list is from, and what is not known:

- Regions: developers.cloudflare.com, load-balancing/reference/region-mapping-api (13 codes). A client
  counts to the region of the data centre that answers it, not to the one it sits in.
- Countries: ISO 3166-1 alpha-2, the 249 codes assigned as of ISO/TC 46 N1108 (2023-04-05), as the
  time-zone database (iso3166.tab, public domain) keeps them. EU: europa.eu, the 27 members since
  2020-02-01.
- PoPs: the places on cloudflarestatus.com as of 2026-08-20, from the daily list at
  github.com/troymjones/cloudflare-colo-list (340, commit ff067e8); 339 of them are also in
  github.com/Netrvin/cloudflare-colo-list of 2026-08-07. Cloudflare publishes no list of its own for
  the API, opens data centres every month, and does not say whether it accepts every code.
- Region of a country: the answer of Cloudflare's Regions API as that first list keeps it (April 2025).
  A country in several regions (Germany, the USA) is split by state. A country that is missing here
  is one whose region is not known to us: 126 of 249 are known.
- Region of a PoP: worked out by that list from the above, by the airport's country and state. For PoPs in
  Brazil, China, Ethiopia, Germany, Italy, Kyrgyzstan, Malawi, Malta, New Caledonia and Russia this is
  the list's own judgement and not Cloudflare's word.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final


def _codes(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _sets(areas: Mapping[str, str]) -> Mapping[str, frozenset[str]]:
    return MappingProxyType({area: _codes(codes) for area, codes in areas.items()})


REGION_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "WNAM": "Western North America",
        "ENAM": "Eastern North America",
        "NSAM": "Northern South America",
        "SSAM": "Southern South America",
        "WEU": "Western Europe",
        "EEU": "Eastern Europe",
        "NAF": "Northern Africa",
        "SAF": "Southern Africa",
        "ME": "Middle East",
        "SAS": "Southern Asia",
        "SEAS": "Southeast Asia",
        "NEAS": "Northeast Asia",
        "OC": "Oceania",
    }
)
"""Cloudflare's load-balancing regions: code and name."""

REGION_CODES: Final = frozenset(REGION_NAMES)

COUNTRY_CODES: Final = _codes(
    """
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT
    BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH
    ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT
    HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS
    LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI
    NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG
    SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG
    UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
    """
)
"""ISO 3166-1 alpha-2."""

EU_MEMBERS: Final = _codes("AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK")

POPS_BY_REGION: Final = _sets(
    {
        "WNAM": (
            "ABQ ANC AUS DEN DFW GDL HNL IAH LAS LAX MCI MEX OKC OMA PDX PHX QRO SAN SAT SEA SFO SJC SLC "
            "SMF STL YVR YYC"
        ),
        "ENAM": (
            "ATL BGI BGR BNA BOS BUF CLE CLT CMH CVG DTW EWR FSD IAD IND JAX KIN MEM MIA MSP ORD ORF PHL "
            "PIT RDU RIC SAP SDQ SJU STI TGU TLH TPA YHZ YUL YWG YXE YYZ"
        ),
        "NSAM": "BAQ BEL BOG CLO FOR GEO GND GUA GYE JDO LIM MAO MDE PBM PMW POS PTY REC SJO SSA UIO",
        "SSAM": (
            "ARI ARU ASU BSB CAW CFC CGB CNF COR CWB EZE FLN GIG GRU GYN JOI LPB NQN NVT POA QWJ RAO SCL "
            "SJK SJP SOD UDI VCP VIX XAP"
        ),
        "WEU": "AMS BCN BOD BRU CDG DUB DUS FRA GVA KEF LHR LIS LJU LUX LYS MAD MAN MLA MRS MUC MXP STR ZRH",
        "EEU": (
            "ADB ARN ATH BEG BTS BUD CPH DME FCO GOT HAM HEL IST KBP KIV LED MSQ OSL OTP PMO PRG RIX SKG "
            "SKP SOF TIA TLL TXL VIE VNO WAW WRO ZAG"
        ),
        "NAF": "AAE ABJ ACC ADD ALG ASK CAI CZL DKR DLA JIB LOS ORN OUA TUN",
        "SAF": "CPT DAR DUR EBB FIH GBE HRE JNB KGL LAD LLW LUN MBA MPM MRU NBO RUN TNR WDH",
        "ME": ("AMM BAH BEY BGW BSR DMM DOH DXB EBL EVN GYD HFA ISU JED KWI LCA LLK MCT NJF RUH TBS TLV XNH ZDM"),
        "SAS": (
            "AGR AIP AKX ALA AMD BBI BDQ BLR BOM CCU CJB CMB CNN COK DEL FRU HYD ISB IXC JRG KHI KJA KNU "
            "KTM LHE MAA MLE NAG NQZ PAT PNQ UDR"
        ),
        "SEAS": ("BKK BWN CEB CGK CGP CGY CNX CRK DAC DAD DPS GUM HAN JHB JOG KCH KUL MLG MNL PBH PNH SGN SIN URT VTE"),
        "NEAS": (
            "ACX AVA CAN CGD CGO CKG CSX CTU CZX DLC FOC FUK FUO HAK HGH HKG HYN ICN JXG KHH KHN KIX KMG "
            "KWE LYA MFM NRT OKA PKX SHA SJW SZX TAO TEN TNA TPE TYN ULN XFN XIY"
        ),
        "OC": "ADL AKL BNE CBR CHC HBA MEL NOU PER PPT SUV SYD WLG",
    }
)
"""The PoPs of each region, by IATA code."""

POP_REGIONS: Final[Mapping[str, str]] = MappingProxyType(
    {pop: region for region, pops in POPS_BY_REGION.items() for pop in pops}
)
"""The region of each PoP."""

POP_CODES: Final = frozenset(POP_REGIONS)

COUNTRIES_BY_REGION: Final = _sets(
    {
        "WNAM": "CA MX US",
        "ENAM": "BB CA DO HN JM PR US",
        "NSAM": "BR CO CR EC GD GT GY PA PE SR TT",
        "SSAM": "AR BO BR CL PY",
        "WEU": "BE CH DE ES FR GB IE IS IT LU NL PT",
        "EEU": "AL AT BG BY CZ DE DK EE FI GR HR HU IT LT LV MD MK NO PL RO RS RU SE SK TR UA",
        "NAF": "BF CI DJ DZ EG GH NG SN TN",
        "SAF": "AO BW CD KE MG MU MZ NA RE RW TZ UG ZA ZM ZW",
        "ME": "AE AM AZ BH CY GE IL IQ JO KW LB OM PS QA SA",
        "SAS": "IN KZ LK MV NP PK RU",
        "SEAS": "BD BN BT GU ID KH LA MY PH SG TH VN",
        "NEAS": "HK JP KR MN MO TW",
        "OC": "AU FJ NZ PF",
    }
)
"""The countries of each region, as far as known; a split country stands in each of its regions."""
