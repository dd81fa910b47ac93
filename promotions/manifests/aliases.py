"""Makes up aliases for Freight, such as ``quiet-otter``: easier to say than a hash."""

import secrets

_ADJECTIVES = """
able airy alert amber ample apt arctic ardent artful astute august autumn avid azure balmy basic
beaming bold brave breezy bright brisk bronze bubbly busy calm candid carefree caring casual
cheery chief chilly chipper civic civil classic clean clear clever close coastal cobalt comic
cool copper coral cosmic cosy crafty crimson crisp cubic curious dapper daring dashing decent
deep deft dewy direct distant divine dreamy driven dusky dusty eager early earnest earthy easy
ebony elated elder elegant epic equal evening exact fabled fair famous fancy fast fearless
festive fiery fine firm fit fleet floral fluent flying fond frank free fresh frosty funny
gallant gentle giant gifted gilded glad gleaming glossy golden good graceful grand grateful
great green hale handy happy hardy hasty hazel hearty helpful hidden honest humble icy ideal
indigo inner ivory jade jaunty jolly jovial joyful jubilant just keen kind lasting lavish leafy
learned level light lilac lively local lofty loyal lucid lucky lunar magic main mellow merry
mighty mild mindful mint misty modern modest mossy mute native natty neat nifty nimble noble
normal northern novel oaken ochre olive open orange ornate patient peaceful pearly perky placid
plain playful pleasant plucky polite prime proud pure quaint quick quiet rapid rare ready regal
rosy royal ruby rugged rustic sage sandy scarlet serene sharp shiny silent silver simple sleek
smart smooth snowy snug social soft solar solid sound spare spirited spry stable starry steady
stellar still stoic stout sturdy subtle sunny super sure swift tame teal tender tidy timely tiny
tranquil true trusty upbeat urban valiant vast velvet vivid warm wary whole wild willing windy
winged wise witty wooden worthy young zesty
"""

_NOUNS = """
acorn adder albatross alder alpaca anchor antelope apple apricot arbor arch aspen aster atlas
aurora badger bagel bamboo banjo barley barn basil basin bay beacon beaver beech beetle bell
birch bison blossom bluebird boat bobcat bonsai boulder bramble breeze bridge brook buffalo
butte cabin cactus camel canary candle canoe canyon caribou carrot castle cedar cello cherry
chestnut chime chipmunk cicada cinder cinnamon cliff cloud clover coast cobra comet compass
condor coral cougar cove coyote crane creek cricket crow curlew cypress daisy dale dawn deer
delta dingo dolphin dove dragonfly drum duck dune eagle echo egret elk elm ember falcon fawn
fern ferret field finch fjord flame flamingo flint flute forest fountain fox frog galaxy garden
gazelle gecko geyser giraffe glacier glade glen goose gorge grape grouse grove gull hamlet
harbor hare harp hawk hazelnut hedgehog heron hill hollow horizon hornet hyacinth ibex ibis
iguana inlet iris island ivy jackal jaguar jasmine jay juniper kayak kestrel kingfisher kite
kiwi koala lagoon lake lantern larch lark laurel lemon lemur leopard lichen lily lime linden
lion lizard llama lobster lotus lynx magnolia magpie mango maple marlin marmot marsh marten
meadow melon mesa meteor mole moon moose moth mountain mulberry narwhal newt nightingale nutmeg
oak oasis ocelot octopus olive onyx orchard orchid oriole osprey otter owl oyster panda panther
parrot peach pear pebble pelican penguin peony petal pheasant pier pigeon pine plateau plover
plum pond poplar poppy porcupine prairie puffin puma quail quarry quartz quokka rabbit raccoon
raven reef ridge river robin rook rose saffron salmon seal sequoia shark shore sparrow spruce
squid squirrel starling stork stream summit swallow swan sycamore tapir thicket thistle thrush
tiger toucan trail trout tulip tundra turtle valley vine violet viper volcano vole walnut walrus
warbler weasel whale willow wolf wombat woodpecker wren yak zebra
"""

ADJECTIVES = tuple(_ADJECTIVES.split())
NOUNS = tuple(_NOUNS.split())


def make_alias() -> str:
    """Return an adjective and a noun; whether it is free is for the caller to find out."""
    return f"{secrets.choice(ADJECTIVES)}-{secrets.choice(NOUNS)}"
