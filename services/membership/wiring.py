"""The way of every call and every event through membership."""

from fenxiao.api.membership.v1 import membership_pb2
from libs.eventlog import EventTypes
from libs.servicekit import Command, Query, Service
from services.membership import published
from services.membership.adapters.personal_data import open_keys
from services.membership.domain import events
from services.membership.features.batch_bind_wallets import batch_bind_wallets
from services.membership.features.batch_enrol_members import batch_enrol_members
from services.membership.features.batch_place_members import batch_place_members
from services.membership.features.batch_record_identity_checks import batch_record_identity_checks
from services.membership.features.bind_wallet import bind_wallet
from services.membership.features.change_country import change_country
from services.membership.features.change_sponsor import change_sponsor
from services.membership.features.create_programme import create_programme
from services.membership.features.disclose_countries import disclose_countries
from services.membership.features.enrol_member import enrol_member
from services.membership.features.get_member import get_member
from services.membership.features.get_programme import get_programme
from services.membership.features.get_tree import get_tree
from services.membership.features.get_wallet_challenge import get_wallet_challenge
from services.membership.features.list_members import list_members
from services.membership.features.list_placements import list_placements
from services.membership.features.list_programmes import list_programmes
from services.membership.features.place_member import place_member
from services.membership.features.record_identity_check import record_identity_check
from services.membership.features.reinstate_member import reinstate_member
from services.membership.features.resolve_members import resolve_members
from services.membership.features.set_placement_rule import set_placement_rule
from services.membership.features.suspend_member import suspend_member
from services.membership.features.withdraw_identity_check import withdraw_identity_check
from services.membership.views.countries import COUNTRIES
from services.membership.views.identities import IDENTITIES
from services.membership.views.members import MEMBERS
from services.membership.views.placements import PLACEMENTS, Trees
from services.membership.views.programmes import PROGRAMMES
from services.membership.views.sponsors import SPONSORS

COMMANDS = {
    "CreateProgramme": Command(create_programme, scope="programmes.write"),
    "SetPlacementRule": Command(set_placement_rule, scope="programmes.write"),
    "DiscloseCountries": Command(disclose_countries, scope="programmes.write"),
    "EnrolMember": Command(enrol_member, scope="members.write"),
    "BatchEnrolMembers": Command(batch_enrol_members, scope="members.write"),
    "ChangeSponsor": Command(change_sponsor, scope="members.write"),
    "PlaceMember": Command(place_member, scope="members.write"),
    "BatchPlaceMembers": Command(batch_place_members, scope="members.write"),
    "RecordIdentityCheck": Command(record_identity_check, scope="members.write"),
    "BatchRecordIdentityChecks": Command(batch_record_identity_checks, scope="members.write"),
    "WithdrawIdentityCheck": Command(withdraw_identity_check, scope="members.write"),
    "ChangeCountry": Command(change_country, scope="members.write"),
    "SuspendMember": Command(suspend_member, scope="members.write"),
    "ReinstateMember": Command(reinstate_member, scope="members.write"),
    "BindWallet": Command(bind_wallet, scope="members.write"),
    "BatchBindWallets": Command(batch_bind_wallets, scope="members.write"),
}

QUERIES = {
    "GetProgramme": Query(get_programme, scope="members.read"),
    "ListProgrammes": Query(list_programmes, scope="members.read"),
    "GetMember": Query(get_member, scope="members.read"),
    "ListMembers": Query(list_members, scope="members.read"),
    "ResolveMembers": Query(resolve_members, scope="members.read"),
    "GetTree": Query(get_tree, scope="members.read"),
    "ListPlacements": Query(list_placements, scope="members.read"),
    "GetWalletChallenge": Query(get_wallet_challenge, scope="members.read"),
}

VIEWS = [PROGRAMMES, MEMBERS, SPONSORS, PLACEMENTS, IDENTITIES, COUNTRIES]

PUBLISHES = {
    events.ProgrammeCreated: published.programme_created,
    events.PlacementRuleSet: published.placement_rule_set,
    events.CountriesDisclosed: published.countries_disclosed,
    events.MemberEnrolled: published.member_enrolled,
    events.MemberPlaced: published.member_placed,
    events.SponsorChanged: published.sponsor_changed,
    events.IdentityChecked: published.identity_checked,
    events.IdentityCheckWithdrawn: published.identity_check_withdrawn,
    events.CountryDisclosed: published.country_disclosed,
    events.MemberSuspended: published.member_suspended,
    events.MemberReinstated: published.member_reinstated,
    events.WalletBound: published.wallet_bound,
}

SERVICE = Service(
    name="membership",
    api=membership_pb2.DESCRIPTOR.services_by_name["MembershipService"],
    events=EventTypes(events.ALL),
    commands=COMMANDS,
    queries=QUERIES,
    views=VIEWS,
    publishes=PUBLISHES,
    resources=[open_keys, Trees.open],
)
